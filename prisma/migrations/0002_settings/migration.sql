CREATE TYPE "SettingsSection" AS ENUM ('DOWNLOADS', 'WATCHES');

-- Every accepted change is a new version; the newest of a section is in force.
CREATE TABLE "SettingsVersion" (
  "version"     SERIAL NOT NULL PRIMARY KEY,
  "section"     "SettingsSection" NOT NULL,
  "document"    JSONB NOT NULL,
  "changedById" UUID REFERENCES "User" ("id") ON DELETE SET NULL ON UPDATE CASCADE,
  "changedAt"   TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX "SettingsVersion_section_version_idx" ON "SettingsVersion" ("section", "version");

-- Every process follows, also those that did not make the change.
CREATE FUNCTION announce_settings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('reprise', json_build_object('name', 'settings.changed', 'items', json_build_array(
    json_build_object('section', NEW."section", 'version', NEW."version")))::text);
  RETURN NULL;
END $$;
CREATE TRIGGER announce_settings AFTER INSERT ON "SettingsVersion"
  FOR EACH ROW EXECUTE FUNCTION announce_settings();
