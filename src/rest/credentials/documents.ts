import { graphql } from '../../generated/documents/gql.js';

graphql(`
  fragment RestAccount on Account {
    name
    service
    region
    hints {
      secret
      hint
    }
    hasSecret
    isActive
    usedForAudio
    note
    createdAt
    updatedAt
  }
`);

graphql(`
  fragment RestAccountError on Error {
    code
    message
    ... on InvalidInput {
      field
    }
  }
`);

export const ACCOUNTS = graphql(`
  query RestAccounts($service: String!) {
    accounts(service: $service) {
      ...RestAccount
    }
  }
`);

export const ACCOUNT = graphql(`
  query RestAccountByName($id: ID!) {
    account(id: $id) {
      ...RestAccount
    }
  }
`);

export const CREATE_ACCOUNT = graphql(`
  mutation RestCreateAccount($input: CreateAccountInput!) {
    result: createAccount(input: $input) {
      ... on AccountCreated {
        account {
          ...RestAccount
        }
      }
      ...RestAccountError
    }
  }
`);

export const UPDATE_ACCOUNT = graphql(`
  mutation RestUpdateAccount($id: ID!, $input: UpdateAccountInput!) {
    result: updateAccount(id: $id, input: $input) {
      ... on AccountUpdated {
        account {
          ...RestAccount
        }
      }
      ...RestAccountError
    }
  }
`);

export const DELETE_ACCOUNT = graphql(`
  mutation RestDeleteAccount($id: ID!) {
    result: deleteAccount(id: $id) {
      ... on AccountDeleted {
        account {
          ...RestAccount
        }
      }
      ...RestAccountError
    }
  }
`);

export const SPOTIFY_APP = graphql(`
  query RestSpotifyApp {
    spotifyApp {
      ...RestAccount
    }
  }
`);

export const SET_SPOTIFY_APP = graphql(`
  mutation RestSetSpotifyApp($input: SpotifyAppInput!) {
    result: setSpotifyApp(input: $input) {
      ... on SpotifyAppUpdated {
        account {
          ...RestAccount
        }
      }
      ...RestAccountError
    }
  }
`);

export const MARKETS = graphql(`
  query RestMarkets {
    spotify: markets(service: "spotify")
    deezer: markets(service: "deezer")
    markets
  }
`);
