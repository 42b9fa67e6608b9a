-- Settings and options of downloads under the names that GraphQL has for them, and null where a value stood for none.
CREATE FUNCTION renamed(document JSONB, names JSONB) RETURNS JSONB LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(jsonb_object_agg(coalesce(names ->> "key", "key"), "value"), '{}') FROM jsonb_each(document)
$$;

UPDATE "SettingsVersion" SET "document" = renamed("document", '{
  "service": "catalog",
  "fallback": "askAllSources",
  "spotify": "spotifyAccount",
  "deezer": "deezerAccount",
  "convertTo": "format",
  "tracknumPadding": "padNumbers",
  "recursiveQuality": "acceptLowerQuality",
  "spotifyMetadata": "tagsFromCatalog",
  "maxItemsPerRun": "pageSize",
  "watchedArtistAlbumGroup": "watchedAlbumGroups",
  "useSnapshotIdChecking": "skipUnchangedPlaylists"
}') WHERE jsonb_typeof("document") = 'object';
UPDATE "SettingsVersion" SET "document" = "document" - 'spotifyAccount' WHERE "document" -> 'spotifyAccount' = '""';
UPDATE "SettingsVersion" SET "document" = "document" - 'deezerAccount' WHERE "document" -> 'deezerAccount' = '""';
UPDATE "SettingsVersion" SET "document" = "document" || '{"retryFailedAfterSeconds": null}'
  WHERE "document" -> 'retryFailedAfterSeconds' = '0';

-- No change that a reader sees: without the triggers no count is made again and nobody is told.
ALTER TABLE "Task" DISABLE TRIGGER USER;
UPDATE "Task" SET "options" = renamed("options", '{
  "tracknumPadding": "padNumbers",
  "recursiveQuality": "acceptLowerQuality",
  "spotifyMetadata": "tagsFromCatalog"
}') WHERE jsonb_typeof("options") = 'object'
  AND "options" ?| ARRAY['tracknumPadding', 'recursiveQuality', 'spotifyMetadata'];
ALTER TABLE "Task" ENABLE TRIGGER USER;

DROP FUNCTION renamed;
