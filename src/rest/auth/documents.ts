import { graphql } from '../../generated/documents/gql.js';

export const AUTH_STATUS = graphql(`
  query RestAuthStatus {
    authStatus {
      enabled
      registrationEnabled
      ssoProviders
    }
    viewer {
      username
      role
      createdAt
    }
  }
`);
