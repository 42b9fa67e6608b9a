CREATE TABLE "RequestLimit" (
  "provider"     TEXT NOT NULL,
  "account"      TEXT NOT NULL,
  "slots"        TIMESTAMPTZ(3)[],
  "blockedUntil" TIMESTAMPTZ(3),
  "probeUntil"   TIMESTAMPTZ(3),
  "limited"      BOOLEAN NOT NULL DEFAULT false,
  "failures"     INTEGER NOT NULL DEFAULT 0,
  "blocks"       INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY ("provider", "account")
);
