import { graphql } from '../../generated/documents/gql.js';

graphql(`
  fragment RestUser on User {
    username
    email
    role
    createdAt
    lastSignInAt
    hasPassword
    providers
  }
`);

export const AUTH_STATUS = graphql(`
  query RestAuthStatus {
    authStatus {
      enabled
      registrationEnabled
      ssoProviders
    }
    viewer {
      ...RestUser
    }
  }
`);

export const PROFILE = graphql(`
  query RestProfile {
    profile {
      ...RestUser
    }
  }
`);

export const USERS = graphql(`
  query RestUsers($after: String) {
    users(first: 500, after: $after) {
      nodes {
        ...RestUser
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const LOG_IN = graphql(`
  mutation RestLogIn($username: String!, $password: String!) {
    signIn(input: { username: $username, password: $password, kind: SINGLE }) {
      __typename
      ... on SignedIn {
        accessToken
        expiresAt
        user {
          ...RestUser
        }
      }
      ... on TooManySignIns {
        retryAfterSeconds
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

export const LOG_OUT = graphql(`
  mutation RestLogOut {
    signOut {
      sessions
    }
  }
`);

export const REGISTER = graphql(`
  mutation RestRegister($input: RegisterInput!) {
    register(input: $input) {
      __typename
      ... on Registered {
        user {
          ...RestUser
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

export const CREATE_USER = graphql(`
  mutation RestCreateUser($input: CreateUserInput!) {
    createUser(input: $input) {
      __typename
      ... on UserCreated {
        user {
          ...RestUser
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

export const DELETE_USER = graphql(`
  mutation RestDeleteUser($user: String!) {
    deleteUser(user: $user) {
      __typename
      ... on UserDeleted {
        username
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

export const SET_USER_ROLE = graphql(`
  mutation RestSetUserRole($user: String!, $role: UserRole!) {
    setUserRole(user: $user, role: $role) {
      __typename
      ... on UserRoleSet {
        user {
          username
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

export const RESET_PASSWORD = graphql(`
  mutation RestResetPassword($user: String!, $newPassword: String!) {
    resetPassword(user: $user, newPassword: $newPassword) {
      __typename
      ... on PasswordReset {
        user {
          username
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

export const CHANGE_PASSWORD = graphql(`
  mutation RestChangePassword($currentPassword: String!, $newPassword: String!) {
    changePassword(currentPassword: $currentPassword, newPassword: $newPassword) {
      __typename
      ... on Error {
        code
        message
      }
      ... on TooManySignIns {
        retryAfterSeconds
      }
    }
  }
`);
