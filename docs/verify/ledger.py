#!/usr/bin/env python3
"""Checks the ledger of a receiver with the link's card and the receiver's audit key alone, by docs/EVIDENCE.md.

usage: ledger.py [--card CARD]... [--seal-key FILE]... --audit-key KEY [--head HEAD]... recv.db

CARD      a link's card (WIRE section 7): to check what its sender signed
FILE      a private seal key of the receiver, to read beats of a sealed link
KEY       the public half of the audit key in base64, as `keys.audit` of an audit has it, or a key file in PEM; several if it was replaced
HEAD      number:hash or number:hash:signature, as it was noted elsewhere
recv.db   the receiver's database; it is only read, whether the receiver runs or not

exit      0 everything holds that can be checked; what nobody can check is printed as "not proven"
          1 usage or a file that cannot be read, 5 something does not hold
"""
import hashlib, json, os, re, sqlite3, struct, sys
import anchors, wire
from anchors import Broken, calendar, from_base64
from wire import Ed25519PublicKey, InvalidSignature, serialization

NEVER_FOLDED = {"folded", "equivocation", "account.altered", "gap.merged", "audit-key", "rotation", "key.revoked"}
ROUTINE = {"epoch.began", "epoch.void", "receiver.stopped", "durable.attempted", "receiver.started"}
RANKS = ("healed", "routine", "balance", "lost", "action")
NEWEST_KEPT = 1000
SEALED = {"links", "vitals", "epochs", "holes", "filled", "gaps", "version_jumps", "losses", "loss_topics", "acknowledgements", "senders",
          "rotations", "topics", "outbox", "outbox_totals", "outbox_outputs", "outbox_output_totals", "last_known"}


class Text(bytes):
    """A value of type TEXT as its bytes, told apart from a BLOB."""


def number8(value):
    return (value & 2**64 - 1).to_bytes(8, "big")


def prefixed(value):
    return number8(len(value)) + value


def is_signed(key, signature, message):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False


class Ledger:
    """All entries of the database, and what following them came to."""

    def __init__(self, database, keys):
        self.database, self.keys = database, keys
        self.rows = database.execute("SELECT entry, link, at, kind, body, hash FROM ledger ORDER BY entry").fetchall()
        self.entries = [(row[0], row[1].decode(errors="replace"), row[2], row[3].decode(errors="replace"), self.body(row[4]))
                        for row in self.rows]
        self.unproven, self.folded, self.hashes = [], 0, {0: bytes(32)}
        self.folded_kinds = set()  # (link, kind) of what folds name.

    @staticmethod
    def body(text):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        return value if isinstance(value, dict) else {}

    def of(self, kind, link=""):
        return [entry for entry in self.entries if entry[3] == kind and entry[1] == link]

    def forgotten_at(self, link):
        return max((entry[0] for entry in self.of("link.forgotten") if entry[4].get("link") == link), default=0)

    # EVIDENCE 2 and 4: the chain, and folds

    def follow(self):
        runs = {run[0]: run for entry in self.of("folded") for run in entry[4].get("runs", [])}
        named, number, unnamed, routine = [], 0, {}, []
        signs = False
        for (entry, link, at, kind, raw, stored), parsed in zip(self.rows, self.entries):
            while number + 1 < entry:
                run = runs.get(number + 1)
                if not run or run[1] >= entry:
                    raise Broken(f"the ledger diverges at entry {number + 1}: it is gone and was not folded")
                unnamed[run[0]] = run
                self.folded += run[1] - number
                number = run[1]
                self.hashes[number] = bytes.fromhex(run[2])
            before = self.hashes[number]
            message = b"UNS-DIODE-LEDGER 1\n" + before + number8(entry) + number8(at) + prefixed(link) + prefixed(kind) + prefixed(raw)
            if number + 1 != entry or hashlib.sha256(message).digest() != stored:
                raise Broken(f"the ledger diverges at entry {number + 1}: it does not follow from those before it")
            number = entry
            self.hashes[number] = stored
            body = parsed[4]
            if kind in (b"receiver.started", b"audit-key"):
                named += [body[name] for name in ("audit_key", "replaces") if name in body]
                signs = signs or "seal" in body
            if kind.decode() in ROUTINE - {"receiver.started"}:
                routine.append(entry)
            if kind == b"folded":
                for run in body.get("runs", []):
                    if unnamed.pop(run[0], None) != run:
                        raise Broken(f"the ledger diverges at entry {entry}: what it says of folded entries makes no sense")
                self.check_fold(entry, body, routine)
                signs = self.check_fold_signature(entry, raw, body, before, named, signs)
        if unnamed:
            raise Broken(f"the ledger diverges at entry {min(unnamed)}: no entry names the fold")
        self.head = (number, self.hashes[number])

    def check_fold(self, entry, body, routine):
        place, runs, totals = f"the fold in entry {entry}", body.get("runs", []), body.get("totals", [])
        if not runs or runs[-1][1] > entry - 1 - NEWEST_KEPT:
            raise Broken(f"{place} names none, or one of the {NEWEST_KEPT} entries before it")
        if sum(run[1] - run[0] + 1 for run in runs) != sum(total[4] for total in totals):
            raise Broken(f"{place} has totals of another number of entries than it names")
        highest = 0
        for _, link, rank, cause, _, _, _ in totals:
            fits = {"routine": cause in ROUTINE, "balance": cause in ("balance", "anchor")}.get(rank, cause not in ROUTINE)
            if rank not in RANKS or cause in NEVER_FOLDED or not fits:
                raise Broken(f"{place} calls {cause} {rank}")
            highest = max(highest, RANKS.index(rank))
            self.folded_kinds.add((link, cause))
        if highest > 1 and any(runs[0][0] <= left <= runs[-1][1] for left in routine):
            raise Broken(f"{place} leaves a routine entry between what goes later")
        lost = sum(gaps[2] - gaps[1] + 1 for gaps in body.get("lost", []))
        if lost > sum(total[5] for total in totals if total[2] == "lost"):
            raise Broken(f"{place} names more lost gaps than its totals have")

    def check_fold_signature(self, entry, raw, body, before, named, signs):
        signature = body.get("signature")
        member = f',"signature":"{signature}"}}'.encode()
        if signature is None or not raw.endswith(member):
            if signs:
                raise Broken(f"the fold in entry {entry} bears no signature, and this receiver signs what it folds")
            self.unproven.append(f"what the fold in entry {entry} names: an earlier release did not sign it")
            return signs
        message = b"UNS-DIODE-FOLD 1\n" + number8(entry) + before + raw[: -len(member)] + b"}"
        known = [from_base64(key) for key in named]
        if not any(is_signed(key, from_base64(signature), message) for key in self.keys + known):
            raise Broken(f"the fold in entry {entry} was not signed by an audit key of this ledger")
        if not any(is_signed(key, from_base64(signature), message) for key in self.keys):
            self.unproven.append(f"what the fold in entry {entry} names: an audit key signed it that was not given")
        return True

    # EVIDENCE 3: heads

    def compare(self, text):
        number, digest, *signature = text.split(":")
        number, digest = int(number), bytes.fromhex(digest)
        message = b"UNS-DIODE-HEAD 1\n" + number8(number) + digest
        if signature and not any(is_signed(key, from_base64(signature[0]), message) for key in self.keys):
            raise Broken(f"the noted head {number} was not signed by the audit key")
        if number > self.head[0]:
            raise Broken(f"the ledger ends at entry {self.head[0]}, but entry {number} was noted: its tail was cut, or an old file was put back")
        if number not in self.hashes:
            raise Broken(f"the noted head {number} cannot be compared: its entry was folded")
        if self.hashes[number] != digest:
            raise Broken(f"the ledger diverges from the noted head at or before entry {number}: it was rewritten")
        at = [calendar(entry[2]) for entry in self.entries if entry[0] == number]
        print(f"head      as noted at entry {number}" + (f", up to {at[0]}" if at else ""))

    # EVIDENCE 5: the seal over the tables

    def check_seal(self):
        tables = {row[0].decode() for row in self.database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        row = self.database.execute("SELECT entry, hash, sums, audit_key, signature FROM seal").fetchone() if "seal" in tables else None
        if not row:
            started = self.of("receiver.started")
            if started and "seal" in started[-1][4]:
                raise Broken("the seal over the tables is gone")
            self.unproven.append("what the tables say: an earlier release wrote this database, which sealed none")
            return
        entry, digest, sums, key, signature = row
        if key not in self.keys:
            raise Broken("the tables were sealed with another audit key than the one that was given")
        if not is_signed(key, signature, b"UNS-DIODE-SEAL 1\n" + number8(entry) + digest + sums):
            raise Broken("the seal over the tables bears no true signature")
        if (entry, digest) != self.head:
            raise Broken(f"the ledger ends at entry {self.head[0]} and the tables were sealed with entry {entry}")
        lines = dict(line.split(" ", 1) for line in sums.decode().splitlines())
        for table in sorted(SEALED & tables | set(lines)):
            rows, total = self.count(table)
            if table not in lines:
                self.unproven.append(f"the table {table}: no seal covers it yet")
            elif lines[table] != f"{rows} {total:064x}":
                raise Broken(f"the table {table} is not what the receiver wrote")
        print(f"seal      {len(lines)} tables are as they were sealed with entry {entry}")

    def count(self, table):
        """Rows of a table, and the sum of their hashes mod 2^256."""
        columns = self.database.execute('SELECT name, dflt_value, "notnull" FROM pragma_table_info(?) ORDER BY cid', (table,)).fetchall()
        if not columns:
            raise Broken(f"the table {table} is gone")
        whole = [int(default) if notnull and default and re.fullmatch(rb"[+-]?\d+", default) else None for _, default, notnull in columns]
        rows = total = 0
        for row in self.database.execute(f'SELECT * FROM "{table}"'):
            bytes_ = prefixed(table.encode())
            for (name, _, _), default, value in zip(columns, whole, row):
                if value is None or isinstance(value, int) and value == default:
                    continue
                bytes_ += prefixed(name) + encoded(value)
            rows += 1
            total += int.from_bytes(hashlib.sha256(b"UNS-DIODE-ROW 1\n" + bytes_).digest(), "big")
        return rows, total % 2**256


def encoded(value):
    if isinstance(value, int):
        return b"\1" + number8(value)
    if isinstance(value, float):
        return b"\2" + struct.pack(">d", value)
    return (b"\3" if isinstance(value, Text) else b"\4") + prefixed(value)


def unacknowledged(ledger, kind, name, link, place):
    """The entries of a kind that nobody has acknowledged: who accepts one has looked into those before it (EVIDENCE 6)."""
    rows = ledger.database.execute("SELECT max(id) FROM acknowledgements WHERE link = ? AND kind = ?", (place, name)).fetchone()
    return [f"{name}-{entry[0]}" for entry in ledger.of(kind, link) if entry[0] > (rows[0] or 0)]


def read_key(text):
    """32 bytes: of base64, or of a file in PEM that holds either half of an Ed25519 key."""
    if not os.path.exists(text):
        return wire.canonical_base64(text, 32)
    data = open(text, "rb").read()
    key = serialization.load_pem_private_key(data, None).public_key() if b"PRIVATE" in data else serialization.load_pem_public_key(data)
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def open_database(path):
    # Beside a file that was copied alone, or on a medium that cannot be written, nothing can make the index of a log.
    mode = "mode=ro" if os.path.exists(path + "-wal") else "immutable=1"
    database = sqlite3.connect(f"file:{path.replace('%', '%25').replace('?', '%3f').replace('#', '%23')}?{mode}", uri=True)
    database.isolation_level, database.text_factory = None, Text
    database.execute("BEGIN")
    return database


def main(arguments):
    given = {"--card": [], "--seal-key": [], "--audit-key": [], "--head": []}
    while len(arguments) > 1 and arguments[0] in given:
        given[arguments[0]].append(arguments[1])
        arguments = arguments[2:]
    if len(arguments) != 1 or arguments[0].startswith("-") or not given["--audit-key"]:
        print(__doc__)
        return 0 if arguments == ["--help"] else 1
    try:
        cards = [wire.read_card(path) for path in given["--card"]]
        seal_keys = [wire.read_seal_key(path) for path in given["--seal-key"]]
        keys = [read_key(text) for text in given["--audit-key"]]
        heads = [text for text in given["--head"] if re.fullmatch(r"\d{1,18}:[0-9a-f]{64}(:[A-Za-z0-9+/=]{88})?", text)]
        if len(heads) != len(given["--head"]):
            raise ValueError("a head is number:hash or number:hash:signature")
        database = open_database(arguments[0])
        ledger = Ledger(database, keys)
    except (OSError, ValueError, InvalidSignature, sqlite3.Error) as error:
        print("ledger.py:", error or "a card that its own key did not sign", file=sys.stderr)
        return 1
    checks = [ledger.follow] + [lambda head=head: ledger.compare(head) for head in heads] + [ledger.check_seal]
    checks += [lambda name=name: anchors.check(ledger, name.decode(), cards, seal_keys)
               for (name,) in database.execute("SELECT name FROM links ORDER BY id").fetchall()]
    defects = []
    for check in checks:
        try:
            check()
        except Broken as broken:
            defects.append(str(broken))
        except (AttributeError, IndexError, KeyError, TypeError, ValueError, UnicodeError, sqlite3.Error) as error:
            defects.append(f"something has a form that the receiver never writes: {error!r}")
        if defects and check == ledger.follow:
            break
    if not defects:
        print(f"chain     {ledger.head[0]} entries, {ledger.folded} of them folded; head {ledger.head[0]}:{ledger.head[1].hex()}")
        defects += [f"{item} has not been acknowledged" for item in unacknowledged(ledger, "account.altered", "alteration", "", 0)]
        for place, name in database.execute("SELECT id, name FROM links").fetchall():
            defects += [f"{item} has not been acknowledged"
                        for item in unacknowledged(ledger, "equivocation", "equivocation", name.decode(), place)]
    if not heads:
        ledger.unproven.append("that the whole ledger was not written anew with the audit key, or its tail cut: no head was given")
    for line in ledger.unproven:
        print("not proven:", line)
    for line in defects:
        print("broken:", line)
    return 5 if defects else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
