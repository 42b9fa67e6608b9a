import { graphql } from '../../generated/documents/gql.js';

export const SSO_STATUS = graphql(`
  query RestSsoStatus {
    authStatus {
      registrationEnabled
    }
    signInProviders {
      name
      displayName
    }
  }
`);

export const START_SIGN_IN = graphql(`
  mutation RestStartSignIn($provider: String!) {
    startProviderSignIn(provider: $provider) {
      __typename
      ... on ProviderRedirect {
        url
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

export const FINISH_SIGN_IN = graphql(`
  mutation RestFinishSignIn($provider: String!, $callback: SignInCallbackInput!) {
    finishProviderSignIn(provider: $provider, callback: $callback)
  }
`);

export const FINISH_SPOTIFY = graphql(`
  mutation RestFinishSpotify($callback: SignInCallbackInput!) {
    finishSpotifyConnection(callback: $callback)
  }
`);

export const UNLINK_PROVIDER = graphql(`
  mutation RestUnlinkProvider($provider: String!) {
    unlinkProvider(provider: $provider) {
      __typename
      ... on ProviderUnlinked {
        provider
      }
      ... on Error {
        code
        message
      }
    }
  }
`);
