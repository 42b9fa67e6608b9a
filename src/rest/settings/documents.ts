import { graphql } from '../../generated/documents/gql.js';

graphql(`
  fragment WireWatchSettings on WatchSettings {
    enabled
    watchPollIntervalSeconds
    maxItemsPerRun
    maxConcurrentChecks
    retryFailedAfterSeconds
    watchedArtistAlbumGroup
    delayBetweenPlaylistsSeconds
    delayBetweenArtistsSeconds
    useSnapshotIdChecking
  }
`);

graphql(`
  fragment WireSettings on Settings {
    version
    service
    fallback
    spotify
    deezer
    spotifyQuality
    deezerQuality
    recursiveQuality
    realTime
    realTimeMultiplier
    maxConcurrentDownloads
    maxRetries
    retryDelaySeconds
    retryDelayIncrease
    convertTo
    bitrateKbps
    customDirFormat
    customTrackFormat
    tracknumPadding
    padNumberWidth
    saveCover
    artistSeparator
    spotifyMetadata
    separateTracksByUser
    downloadPath
    explicitFilter
    watch {
      ...WireWatchSettings
    }
  }
`);

export const SETTINGS = graphql(`
  query RestSettings {
    settings {
      ...WireSettings
    }
  }
`);

export const UPDATE_SETTINGS = graphql(`
  mutation RestUpdateSettings($input: SettingsInput!) {
    result: updateSettings(input: $input) {
      __typename
      ... on SettingsUpdated {
        settings {
          ...WireSettings
        }
      }
      ... on InvalidSettings {
        problems {
          field
          message
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

export const VALIDATE_SETTINGS = graphql(`
  query RestValidateSettings($input: SettingsInput!) {
    check: validateSettings(input: $input) {
      problems {
        field
        message
      }
    }
  }
`);

export const CHECK_SETTINGS = graphql(`
  query RestCheckSettings {
    settings {
      ...WireSettings
    }
    checkSettings {
      valid
      problems {
        field
        message
      }
      warnings
    }
  }
`);

export const UPDATE_WATCH_SETTINGS = graphql(`
  mutation RestUpdateWatchSettings($input: WatchSettingsInput!) {
    result: updateWatchSettings(input: $input) {
      __typename
      ... on WatchSettingsUpdated {
        settings {
          ...WireWatchSettings
        }
      }
      ... on InvalidSettings {
        problems {
          field
          message
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

export const VALIDATE_WATCH_SETTINGS = graphql(`
  query RestValidateWatchSettings($input: WatchSettingsInput!) {
    check: validateWatchSettings(input: $input) {
      problems {
        field
        message
      }
    }
  }
`);
