"""What a sender signed, compared with what its receiver's account says (docs/EVIDENCE.md section 7; the ids W-.. are rules of WIRE)."""
import base64, struct, time
import keys, wire
from wire import Refused


class Broken(Exception):
    """What does not hold, as a sentence."""


def from_base64(text):
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, TypeError):
        return b""


def calendar(milliseconds):
    at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(milliseconds // 1000))
    return f"{at}.{milliseconds % 1000:03}Z"


def epochs_of(fields):
    """Field 0x0A: epoch, incarnation, last committed sequence."""
    reader = wire.Reader(fields.get(10, b"\0"))
    for _ in range(reader.varint()):
        epoch, incarnation, _, last, _ = struct.unpack(">QQQQQ", reader.take(40))
        yield epoch, incarnation, last


def check(ledger, link, cards, seal_keys):
    """Verifies the anchors of a link, and compares the newest claim about each epoch with the account."""
    entries = [entry for entry in ledger.of("anchor", link) if entry[0] > ledger.forgotten_at(link)]
    chains = [keys_of(ledger, link, key) for name, key in cards if name == link]
    if not chains:
        ledger.unproven.append(f"what the sender of {link} signed: no card of it was given, {len(entries)} beats not checked")
        return
    claims, newest, counts, place_of_key = {}, "", {"agree": 0, "other": 0, "unread": 0}, [0] * len(chains)
    for number, _, _, _, body in entries:
        place = f"the anchor of {link} in entry {number} of the ledger"
        signed = from_base64(body.get("signed"))
        try:
            header = wire.Header(signed)
            sender = next((place for place, chain in enumerate(chains) if header.link in chain.keys), None)
            if sender is None:
                if not was_paired(ledger, link, header.link):
                    raise Broken(f"{place} is of a sender that was never paired")
                counts["other"] += 1
                continue
            names = list(chains[sender].keys)
            if names.index(header.link) < place_of_key[sender]:
                raise Broken(f"{place} is signed by a key that had handed over before")
            place_of_key[sender] = names.index(header.link)
            header, content = wire.read_signed_beat(signed, chains[sender].keys[header.link], seal_keys)
            if content is None:
                counts["unread"] += 1
                continue
            fields = wire.read_beat(content)
            clock, sequence = struct.unpack(">QQ", fields[1] + fields[2][:8])
            if (body.get("epoch"), body.get("sequence"), body.get("clock")) != (header.epoch, sequence, calendar(clock)):
                raise Broken(f"{place} says something else than the beat that it holds")
            for epoch, incarnation, last in epochs_of(fields):
                if epoch < header.epoch:
                    claims[epoch] = (incarnation, last, True, number)
            if 0x83 not in fields:
                claims[header.epoch] = (header.incarnation, sequence, False, number)
        except Refused as refused:
            raise Broken(f"{place} proves nothing: {refused}") from None
        counts["agree"] += 1
        newest = f"epoch {header.epoch} up to sequence {sequence}, {calendar(clock)}"
    compare(ledger, link, claims)
    print(f"anchors   {link}: {counts['agree']} signed beats agree" + (f", the newest: {newest}" if newest else ""))
    for count, why in ((counts["other"], "they are of a card that was replaced"),
                       (counts["unread"], "they are sealed for another key, or compressed")):
        if count:
            ledger.unproven.append(f"what {count} signed beats of {link} say: {why}")


def keys_of(ledger, link, key):
    """The card's key and those that it has handed over to, by the rotations in the ledger, or in the table where a ledger was begun anew:
    they prove themselves. What the card does not lead to is another card's."""
    chain = keys.KeyChain(link, key)
    stored = [from_base64(entry[4].get("statement")) for entry in ledger.of("rotation", link)]
    if ledger.database.execute("SELECT 1 FROM sqlite_master WHERE name = 'rotations'").fetchone():
        stored += [row[0] for row in ledger.database.execute(
            "SELECT statement FROM rotations JOIN links ON links.id = link WHERE name = ? ORDER BY place", (link,))]
    for statement in stored:
        try:
            chain.take(statement)
        except Refused:
            continue
    return chain


def was_paired(ledger, link, fingerprint):
    """Whether the ledger tells of this key, or may have."""
    if (link, "pair") in ledger.folded_kinds:
        return True
    words = [word for entry in ledger.of("pair", link) for word in entry[4].get("detail", "").replace(";", "").split()]
    words += [entry[4].get("key", "") for entry in ledger.of("rotation", link)]
    return any(from_base64(word[7:] + "=")[:16] == fingerprint for word in words if word.startswith("SHA256:"))


def compare(ledger, link, claims):
    place, begins, folded_epochs = ledger.database.execute(
        "SELECT id, begins_epoch, folded_epochs FROM links WHERE name = ?", (link,)).fetchone()
    rows = ledger.database.execute("SELECT * FROM epochs WHERE link = ?", (place,))
    columns = [column[0] for column in rows.description]
    account = {row["epoch"]: row for row in (dict(zip(columns, values)) for values in rows.fetchall())}
    begin = min(account, default=None) if folded_epochs > 0 else begins
    for epoch, (incarnation, last, is_final, entry) in sorted(claims.items()):
        if begin is not None and epoch < begin:
            continue
        said = f"entry {entry} of the ledger, signed by the sender"
        if epoch not in account:
            raise Broken(f"epoch {epoch} of {link} is in {said}, and gone from the account")
        row = account[epoch]
        if row["incarnation"] is not None and row["incarnation"] & 2**64 - 1 != incarnation:
            if ledger.of("equivocation", link):
                continue
            raise Broken(f"epoch {epoch} of {link} is another sender's in {said}, than in the account")
        reached = max(row["frontier_sequence"], row["announced_sequence"] or 0)
        if is_final:
            agrees = reached == last or reached > last and (row["was_undurable"] or last < row.get("journalled", 0))
        else:
            agrees = reached >= last or row["is_final"] and (link, "anchor") in ledger.folded_kinds
        if not agrees:
            raise Broken(f"epoch {epoch} of {link} {'ended with' if is_final else 'got to'} sequence {last} by {said}, "
                         f"and the account knows {reached}")
