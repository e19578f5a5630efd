internal import Audit
internal import Crypto
internal import DiodeProtocol
internal import JSON
internal import Ledger
internal import ReceiverITCore
internal import ReceiverITStore
internal import Storage

/// Compares what the sender signed with what the receiver's account says: `--audit --verify`.
///
/// ```text
///  entries "anchor" ─▶ signature by the key that it names, of the chain from the card on ─▶ claims, the newest of each epoch ─▶ against the table of epochs
///                                                     lives: at least this sequence       announced or decided ≥
///                                                     over:  up to exactly this one       the same
/// ```
struct AnchorCheck: ~Copyable {
    enum Verdict: Equatable {
        /// Anchors that agree, the sentence about the newest, and anchors that nobody can check here: of another card, and sealed for a key that
        /// is not here.
        case consistent(anchors: Int, newest: String, unchecked: Int, sealed: Int)
        /// What is wrong, and in which entry of the ledger.
        case broken(String)
    }

    /// What the sender said of one epoch.
    private struct Claim {
        var incarnation: Incarnation
        var sequence: UInt64
        /// Nothing comes after it.
        var isFinal: Bool
        /// The entry of the ledger.
        var entry: Int64
    }

    private let link: String
    private let keys: [KeyChain]
    private var opener: BlockOpener
    private let folded: FoldedKinds
    private var claims: [Epoch: Claim] = [:]
    private var anchors = 0
    private var unchecked = 0
    private var sealed = 0
    private var newest = ""

    /// - Parameters:
    ///   - keys: from each card of the link on; none: nobody can check whether a sender signed anything.
    ///   - seals: the receiver's private seal keys; a beat that none of them opens is not checked.
    init(link: String, keys: [KeyChain], seals: [SealKey], folded: FoldedKinds) {
        self.link = link
        opener = BlockOpener(seals)
        self.keys = keys
        self.folded = folded
    }

    /// Reads the anchors of a link and compares them with its account. Call it inside a reading transaction.
    mutating func verdict(of id: Int, in database: borrowing Database) throws(StorageError) -> Verdict {
        let history = try History(of: link, folded, in: database)
        let entries = try LedgerReader.numberedEntries(of: link, kind: Anchors.Candidate.kind, in: database)
            .filter { $0.number > history.forgottenAt }
        guard !keys.isEmpty else {
            return .consistent(anchors: 0, newest: "", unchecked: entries.count, sealed: 0)
        }
        do throws(CryptoError) {
            // Anchors of a sender ascend in time, and so do the keys that they were signed with.
            var places = keys.map { _ in 0 }
            var key = keys[0].paired.key
            var verifier = try Ed25519Verifier(key)
            for (number, entry) in entries {
                let bytes = entry.json["signed"]?.text.flatMap(Base64.decode) ?? []
                if let name = FramePreamble.link(of: bytes.span.bytes),
                    let sender = keys.firstIndex(where: { $0.place(of: name) != nil }),
                    let named = keys[sender].place(of: name)
                {
                    guard named >= places[sender] else {
                        return .broken(
                            "the anchor of \(link) in entry \(number) of the ledger is signed by a key that had handed over before"
                        )
                    }
                    places[sender] = named
                    if keys[sender].cards[named].key != key {
                        key = keys[sender].cards[named].key
                        verifier = try Ed25519Verifier(key)
                    }
                }
                if let defect = follow(number, entry, bytes, key: key, verifier: &verifier, history) {
                    return .broken(defect)
                }
            }
        } catch { return .broken("the card of \(link) has a key that cannot be used: \(error)") }
        if let difference = try difference(to: id, history, in: database) { return .broken(difference) }
        return .consistent(anchors: anchors, newest: newest, unchecked: unchecked, sealed: sealed)
    }

    /// - Returns: what is wrong with an anchor, as a sentence without a full stop.
    private mutating func follow(
        _ number: Int64, _ entry: LedgerEntry, _ bytes: [UInt8], key: Ed25519PublicKey, verifier: inout Ed25519Verifier,
        _ history: History
    ) -> String? {
        let place = "the anchor of \(link) in entry \(number) of the ledger"
        let body = entry.json
        guard !bytes.isEmpty else { return "\(place) cannot be read" }
        do throws(SignedBeatError) {
            let signed = try SignedBeat(decoding: bytes)
            guard signed.header.link == LinkFingerprint(of: key) else {
                guard history.mayBePaired(with: signed.header.link) else {
                    return "\(place) is of a sender that was never paired"
                }
                unchecked += 1
                return nil
            }
            let id = signed.header.id
            guard body["epoch"]?.integer == Int64(clamping: id.epoch.rawValue) else {
                return "\(place) says something else than the beat that it holds"
            }
            let beat = try signed.beat(verifiedBy: &verifier, opener: &opener)
            guard body["sequence"]?.integer == Int64(clamping: beat.lastSequence),
                body["clock"]?.text == CalendarTime.text(beat.clock)
            else { return "\(place) says something else than the beat that it holds" }
            for summary in beat.epochs where summary.epoch < id.epoch {
                claims[summary.epoch] = Claim(
                    incarnation: summary.incarnation, sequence: summary.lastCommitted.rawValue, isFinal: true,
                    entry: number)
            }
            if !beat.standsBy {
                claims[id.epoch] = Claim(
                    incarnation: id.incarnation, sequence: beat.lastSequence, isFinal: false, entry: number)
            }
            anchors += 1
            newest = "epoch \(id.epoch.rawValue) up to sequence \(beat.lastSequence), \(CalendarTime.text(beat.clock))"
            return nil
        } catch SignedBeatError.content(.sealed) {
            // The sender signed it, and what it says nobody can read here.
            sealed += 1
            return nil
        } catch { return "\(place) proves nothing: \(error)" }
    }

    private func difference(
        to id: Int, _ history: History, in database: borrowing Database
    ) throws(StorageError) -> String? {
        let (row, _) = try LinkLoader.row(of: id, database)
        var account: [Epoch: TrackRow] = [:]
        for track in try LinkLoader.tracks(of: id, database) { account[track.epoch] = track }
        let begin = row.tracker.foldedEpochs > 0 ? account.keys.min() : row.tracker.beginsAt?.epoch
        for (epoch, claim) in claims.sorted(by: { $0.key < $1.key }) where epoch >= begin ?? epoch {
            let said = "entry \(claim.entry) of the ledger, signed by the sender"
            guard let track = account[epoch] else {
                return "epoch \(epoch.rawValue) of \(link) is in \(said), and gone from the account"
            }
            if let incarnation = track.incarnation, incarnation != claim.incarnation {
                // Two senders under one key: that is a finding of its own.
                if history.hasEquivocation { continue }
                return "epoch \(epoch.rawValue) of \(link) is another sender's in \(said), than in the account"
            }
            let reached = max(track.frontier.sequence, track.announced?.sequence ?? 0)
            let agrees =
                claim.isFinal
                ? reached == claim.sequence
                    || reached > claim.sequence && (track.wasUndurable || claim.sequence < track.journalled)
                // Where the epoch ended may be in an anchor that was folded.
                : reached >= claim.sequence || track.isFinal && history.isFolded(Anchors.Candidate.kind)
            guard agrees else {
                return "epoch \(epoch.rawValue) of \(link) \(claim.isFinal ? "ended with" : "got to") sequence "
                    + "\(claim.sequence) by \(said), and the account knows \(reached)"
            }
        }
        return nil
    }
}

extension AnchorCheck {
    /// What else the ledger tells of a link.
    fileprivate struct History {
        /// The entry that says that the link was forgotten; 0: none.
        private(set) var forgottenAt: Int64 = 0
        let hasEquivocation: Bool
        private var paired: Set<LinkFingerprint> = []
        private let link: String
        private let folded: FoldedKinds

        init(of link: String, _ folded: FoldedKinds, in database: borrowing Database) throws(StorageError) {
            self.link = link
            self.folded = folded
            hasEquivocation = try !LedgerReader.entries(of: link, kind: LinkEvent.Kind.equivocation, in: database)
                .isEmpty
            for (number, entry) in try LedgerReader.numberedEntries(
                of: "", kind: ReceiverAction.forgotten, in: database)
            where entry.json["link"]?.text == link { forgottenAt = number }
            for entry in try LedgerReader.entries(of: link, kind: ReceiverAction.paired, in: database) {
                for word in (entry.json["detail"]?.text ?? "").split(whereSeparator: { " ;".contains($0) }) {
                    if let fingerprint = LinkFingerprint(shown: String(word)) { paired.insert(fingerprint) }
                }
            }
            // Keys that a card led to which was replaced by hand since.
            for entry in try LedgerReader.entries(of: link, kind: ReceiverAction.rotated, in: database) {
                if let fingerprint = (entry.json["key"]?.text).flatMap(LinkFingerprint.init(shown:)) {
                    paired.insert(fingerprint)
                }
            }
        }

        func isFolded(_ kind: String) -> Bool { folded.contains(kind, of: link) }

        /// Whether this key was paired before the one that the card has now, as far as the ledger still tells.
        func mayBePaired(with fingerprint: LinkFingerprint) -> Bool {
            paired.contains(fingerprint) || isFolded(ReceiverAction.paired)
        }
    }
}

extension LinkAudit.Verification {
    /// The chain's verdict together with that of a link's anchors.
    func and(_ anchors: AnchorCheck.Verdict) -> Self {
        guard case .intact(let entries, let detail) = self else { return self }
        switch anchors {
        case .broken(let defect): return .broken(defect)
        case .consistent(let agreeing, let newest, let unchecked, let sealed):
            var details = detail.isEmpty ? [] : [detail]
            if agreeing > 0 { details.append("\(agreeing) signed beats agree, the newest: \(newest)") }
            if unchecked > 0 { details.append("\(unchecked) signed beats not checked: another card's") }
            if sealed > 0 {
                details.append(
                    "\(sealed) signed beats not read: sealed for a key that is not in seal_keys, or not readable here")
            }
            return .intact(entries: entries, detail: details.joined(separator: "; "))
        }
    }
}

extension LinkFingerprint {
    /// The fingerprint as people compare it: `SHA256:` and the unpadded base64 of 32 bytes.
    fileprivate init?(shown text: String) {
        guard text.hasPrefix("SHA256:"), let bytes = Base64.decode(String(text.dropFirst(7)) + "="), bytes.count == 32
        else {
            return nil
        }
        self.init(Digest32(loading: bytes.span.bytes).truncated)
    }
}
