-- One file is one simulator's state. Instants are milliseconds of a world's clock,
-- amounts whole milli-credits.
CREATE TABLE worlds (
  id       INTEGER PRIMARY KEY,
  name     TEXT NOT NULL UNIQUE,
  seed     INTEGER NOT NULL,
  mode     TEXT NOT NULL,
  speed    REAL NOT NULL,
  at_ms    INTEGER NOT NULL,
  jobs     INTEGER NOT NULL DEFAULT 0,
  entries  INTEGER NOT NULL DEFAULT 0,
  uploads  INTEGER NOT NULL DEFAULT 0,
  origin   TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE accounts (
  world     INTEGER NOT NULL,
  name      TEXT NOT NULL,
  scopes    TEXT NOT NULL,
  available INTEGER NOT NULL DEFAULT 0 CHECK (available >= 0),
  held      INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
  spent     INTEGER NOT NULL DEFAULT 0,
  issued    INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (world, name)
) STRICT, WITHOUT ROWID;

-- A job never changes once accepted. Its row is wide, so the table keeps its rowid: a table without
-- one puts a row of more than a quarter page on pages of its own.
CREATE TABLE jobs (
  world           INTEGER NOT NULL,
  number          INTEGER NOT NULL,
  id              TEXT NOT NULL,
  account         TEXT NOT NULL,
  model           TEXT NOT NULL,
  generation_type TEXT NOT NULL,
  queued_at       INTEGER NOT NULL,
  processing_at   INTEGER NOT NULL,
  done_at         INTEGER,
  failed          INTEGER NOT NULL,
  idempotency_key TEXT,
  data            TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX jobs_by_id ON jobs (id, world);
CREATE UNIQUE INDEX jobs_by_account ON jobs (world, account, number);
CREATE UNIQUE INDEX jobs_by_key ON jobs (world, account, idempotency_key)
  WHERE idempotency_key IS NOT NULL;

-- The jobs whose hold is not settled yet, in the order of their ends; one that never ends has the
-- greatest integer as its end.
CREATE TABLE open_jobs (
  world         INTEGER NOT NULL,
  done_at       INTEGER NOT NULL,
  number        INTEGER NOT NULL,
  account       TEXT NOT NULL,
  bucket        TEXT NOT NULL,
  queued_at     INTEGER NOT NULL,
  processing_at INTEGER NOT NULL,
  failed        INTEGER NOT NULL,
  hold          INTEGER NOT NULL,
  accepted_at   INTEGER NOT NULL,
  PRIMARY KEY (world, done_at, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX open_jobs_by_bucket ON open_jobs (world, account, bucket);

CREATE TABLE entries (
  world        INTEGER NOT NULL,
  seq          INTEGER NOT NULL,
  kind         TEXT NOT NULL,
  millicredits INTEGER NOT NULL,
  account      TEXT NOT NULL,
  at_ms        INTEGER NOT NULL,
  job_number   INTEGER,
  reason       TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (world, seq)
) STRICT, WITHOUT ROWID;

-- What has arrived under a token, as ids of uploads in their order, parted by spaces.
CREATE TABLE upload_sessions (
  world         INTEGER NOT NULL,
  token         TEXT NOT NULL,
  account       TEXT NOT NULL,
  model         TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  uploads       TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (world, token)
) STRICT, WITHOUT ROWID;

CREATE TABLE uploads (
  world       INTEGER NOT NULL,
  id          TEXT NOT NULL,
  account     TEXT NOT NULL,
  kind        TEXT NOT NULL,
  extension   TEXT NOT NULL,
  size_bytes  INTEGER NOT NULL,
  width       INTEGER NOT NULL,
  height      INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  PRIMARY KEY (world, id)
) STRICT, WITHOUT ROWID;

-- Opening a job is holding its credits: neither can be written without the other. The account's
-- CHECK refuses a hold that it can't pay.
CREATE TRIGGER open_jobs_hold AFTER INSERT ON open_jobs BEGIN
  UPDATE accounts SET available = available - new.hold, held = held + new.hold
    WHERE world = new.world AND name = new.account;
  UPDATE worlds SET jobs = new.number, entries = entries + 1 WHERE id = new.world;
  INSERT INTO entries (world, seq, kind, millicredits, account, at_ms, job_number)
    SELECT id, entries, 'hold', new.hold, new.account, new.accepted_at, new.number
    FROM worlds WHERE id = new.world;
END;
