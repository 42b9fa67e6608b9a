ALTER TABLE "User" ADD COLUMN "usernameKey" TEXT;
ALTER TABLE "User" ADD COLUMN "email" TEXT;
ALTER TABLE "User" ADD COLUMN "emailVerified" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "User" ADD COLUMN "passwordHash" TEXT;
ALTER TABLE "User" ADD COLUMN "lastSignInAt" TIMESTAMPTZ(3);
CREATE UNIQUE INDEX "User_usernameKey_key" ON "User" ("usernameKey");

CREATE TABLE "Session" (
  "id"         UUID NOT NULL PRIMARY KEY,
  "userId"     UUID NOT NULL REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
  "generation" INTEGER,
  "createdAt"  TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "expiresAt"  TIMESTAMPTZ(3) NOT NULL
);
CREATE INDEX "Session_userId_idx" ON "Session" ("userId");
CREATE INDEX "Session_expiresAt_idx" ON "Session" ("expiresAt");

CREATE TABLE "SigningKey" (
  "id"        TEXT NOT NULL PRIMARY KEY,
  "publicKey" JSONB NOT NULL,
  "sealed"    TEXT NOT NULL,
  "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "retiredAt" TIMESTAMPTZ(3)
);

CREATE TYPE "ApiScope" AS ENUM ('READ', 'DOWNLOAD', 'MANAGE', 'ADMIN');

CREATE TABLE "ApiKey" (
  "id"         UUID NOT NULL PRIMARY KEY,
  "userId"     UUID NOT NULL REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
  "name"       TEXT NOT NULL,
  "hash"       BYTEA NOT NULL,
  "hint"       TEXT NOT NULL,
  "scopes"     "ApiScope"[],
  "createdAt"  TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "expiresAt"  TIMESTAMPTZ(3),
  "lastUsedAt" TIMESTAMPTZ(3)
);
CREATE UNIQUE INDEX "ApiKey_hash_key" ON "ApiKey" ("hash");
CREATE UNIQUE INDEX "ApiKey_userId_name_key" ON "ApiKey" ("userId", "name");

CREATE TABLE "Identity" (
  "provider"  TEXT NOT NULL,
  "subject"   TEXT NOT NULL,
  "userId"    UUID NOT NULL REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
  "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY ("provider", "subject")
);
CREATE UNIQUE INDEX "Identity_userId_provider_key" ON "Identity" ("userId", "provider");

CREATE TABLE "UsedState" (
  "id"        TEXT NOT NULL PRIMARY KEY,
  "expiresAt" TIMESTAMPTZ(3) NOT NULL
);
CREATE INDEX "UsedState_expiresAt_idx" ON "UsedState" ("expiresAt");

CREATE TABLE "StreamTicket" (
  "hash"      BYTEA NOT NULL PRIMARY KEY,
  "access"    JSONB NOT NULL,
  "expiresAt" TIMESTAMPTZ(3) NOT NULL
);
CREATE INDEX "StreamTicket_expiresAt_idx" ON "StreamTicket" ("expiresAt");

CREATE TABLE "SignInFailure" (
  "key"    TEXT NOT NULL PRIMARY KEY,
  "points" INTEGER NOT NULL DEFAULT 0,
  "expire" BIGINT
);
CREATE INDEX "SignInFailure_expire_idx" ON "SignInFailure" ("expire");

CREATE TABLE "AuditEntry" (
  "id"        UUID NOT NULL PRIMARY KEY,
  "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "action"    TEXT NOT NULL,
  "userId"    UUID,
  "username"  TEXT NOT NULL,
  "target"    TEXT,
  "address"   TEXT,
  "requestId" TEXT NOT NULL
);
-- For pruning alone: an ordered one would tempt the planner to search it for a rare action.
CREATE INDEX "AuditEntry_createdAt_idx" ON "AuditEntry" USING BRIN ("createdAt");
CREATE INDEX "AuditEntry_action_createdAt_id_idx" ON "AuditEntry" ("action", "createdAt", "id");
CREATE INDEX "AuditEntry_username_createdAt_id_idx" ON "AuditEntry" ("username", "createdAt", "id");

CREATE TABLE "Account" (
  "id"        UUID NOT NULL PRIMARY KEY,
  "service"   TEXT NOT NULL,
  "name"      TEXT NOT NULL,
  "region"    TEXT,
  "sealed"    TEXT NOT NULL,
  "hints"     JSONB NOT NULL,
  "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX "Account_service_name_key" ON "Account" ("service", "name");

-- Whoever holds a connection open on behalf of this user looks again whether it may: over all processes, after commit.
CREATE FUNCTION announce_access() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE who uuid;
BEGIN
  IF TG_TABLE_NAME = 'User' THEN who := OLD."id"; ELSE who := OLD."userId"; END IF;
  PERFORM pg_notify('reprise', json_build_object('name', 'access.changed', 'items', json_build_array(
    json_build_object('userId', who)))::text);
  RETURN NULL;
END $$;
CREATE TRIGGER announce_user AFTER UPDATE OF "role" OR DELETE ON "User"
  FOR EACH ROW EXECUTE FUNCTION announce_access();
CREATE TRIGGER announce_session AFTER DELETE ON "Session"
  FOR EACH ROW EXECUTE FUNCTION announce_access();
CREATE TRIGGER announce_api_key AFTER UPDATE OF "scopes", "expiresAt" OR DELETE ON "ApiKey"
  FOR EACH ROW EXECUTE FUNCTION announce_access();
