"""How one key of a link hands over to the next: docs/WIRE.md section 10 (the ids W-.. are its rules)."""
import hashlib
import wire
from wire import Ed25519PublicKey, InvalidSignature, Refused


def is_rotation(datagram):
    return datagram[:4] == b"UNSD" and datagram[4:5] > b"\1" and datagram[5:6] == b"\3"


def read_rotation(datagram):
    """The link fingerprint of the key that hands over, the next card's text, and the signature (W-50)."""
    if datagram[:4] != b"UNSD":
        raise Refused("malformed: another magic")
    if datagram[4:5] != b"\2":
        raise Refused("version: a rotation of another version")
    size = int.from_bytes(datagram[24:26], "big")
    if datagram[5:8] != b"\3\0\0" or not 1 <= size <= 1024 or len(datagram) != 90 + size:
        raise Refused("malformed: a rotation of another form")
    return datagram[8:24], datagram[26 : 26 + size], datagram[26 + size :]


def next_key(datagram, key, link):
    """The key that a key of a link hands over to (W-51)."""
    former, text, signature = read_rotation(datagram)
    try:
        if former != name_of(key):
            raise InvalidSignature
        Ed25519PublicKey.from_public_bytes(key).verify(signature, b"\4" + text)
    except InvalidSignature:
        raise Refused("bad_signature: a rotation") from None
    try:
        of, following = wire.card_of(text)
    except (ValueError, InvalidSignature):
        raise Refused("refused_rotations: the card is none") from None
    if of != link:
        raise Refused("refused_rotations: to a card of another link")
    return following


def name_of(key):
    return hashlib.sha256(key).digest()[:16]


class KeyChain:
    """The keys of a link, by the name that frames have for them: the card's, and those that it has handed over to."""

    def __init__(self, link, key):
        self.link, self.keys, self.newest = link, {name_of(key): key}, key
        self.followed = set()

    def take(self, datagram):
        """Follows a rotation; what was followed before says nothing new. False for one of a key before the card's, which cannot be checked."""
        if read_rotation(datagram)[0] not in self.keys:
            return False
        if datagram in self.followed:
            return True
        following = next_key(datagram, self.newest, self.link)
        if name_of(following) in self.keys:
            raise Refused("refused_rotations: back to a key that was in use before")
        self.keys[name_of(following)] = self.newest = following
        self.followed.add(datagram)
        return True
