public import Crypto
internal import DiodeProtocol
internal import JSON

/// Entries that were folded into totals: they are gone, and an entry behind them says which, how the chain went on after them, and what
/// they came to.
///
/// ```text
/// … 99 │ 100 … 180 gone │ 181 … 4711 │ 4712 "folded": 100–180, hash(180), totals by the hour, lost gaps, signature
///
/// body      = {"runs":[[first,last,"hash"],…],"totals":[[hour,"link","rank","cause",entries,episodes,records],…],
///              "lost":[["link",first gap,last gap,entry],…],"signature":"base64"}
/// signature = Ed25519 by the audit key over "UNS-DIODE-FOLD 1\n" ‖ number of this entry (8 bytes, big-endian) ‖
///             hash of the entry before (32) ‖ the body without its last member, "signature"
/// ```
/// Folds of earlier releases bear neither `lost` nor a signature.
/// So the chain can still be followed over the hole, and the hole is vouched for by an entry of the chain itself. What is given up
/// is the text of the entries, and the comparison with heads that were noted at 100 … 179.
public struct LedgerFold: Sendable, Equatable {
    /// The kind of the entry that names it. Such entries are never folded themselves.
    public static let kind = "folded"
    /// The most runs that one entry names.
    public static let maximumRuns = 500

    /// Consecutive entries that are gone.
    public struct Run: Sendable, Hashable {
        public var first, last: Int64
        /// The hash of the last of them: 32 bytes.
        public var hash: [UInt8]

        public init(first: Int64, last: Int64, hash: [UInt8]) {
            self.first = first
            self.last = last
            self.hash = hash
        }
    }

    /// What the entries of one hour came to, for one link and cause.
    public struct Total: Sendable, Equatable {
        /// When the hour began, in Unix milliseconds.
        public var hour: UInt64
        public var link: String
        /// What they were: `healed`, `routine`, `balance`, `lost`, `action`.
        public var rank: String
        /// The cause of gaps, the layer of losses, else the kind of the entries.
        public var cause: String
        /// Entries; gaps or losses that were closed by them; their records.
        public var entries, episodes, records: UInt64

        public init(
            hour: UInt64, link: String, rank: String, cause: String, entries: UInt64, episodes: UInt64, records: UInt64
        ) {
            self.hour = hour
            self.link = link
            self.rank = rank
            self.cause = cause
            self.entries = entries
            self.episodes = episodes
            self.records = records
        }
    }

    /// Gaps with consecutive numbers whose last word, that they are lost, is among the folded entries.
    public struct LostGaps: Sendable, Hashable {
        public var link: String
        public var first, last: Int64
        /// The folded entry that said so of the first.
        public var entry: Int64

        public init(link: String, first: Int64, last: Int64, entry: Int64) {
            self.link = link
            self.first = first
            self.last = last
            self.entry = entry
        }
    }

    /// Ascending; none overlap.
    public var runs: [Run]
    public var totals: [Total]
    /// nil: an earlier release folded, which did not name them.
    public var lost: [LostGaps]?

    public init(runs: [Run], totals: [Total], lost: [LostGaps]? = nil) {
        self.runs = runs
        self.totals = totals
        self.lost = lost
    }

    /// The entry that names it, without a signature.
    public func entry(at time: UInt64) -> LedgerEntry { entry(at: time, signature: nil) }

    /// The entry that names it.
    /// - Parameter head: the ledger's head before it.
    public func entry(
        at time: UInt64, behind head: LedgerHead, signer: inout Ed25519Signer
    ) throws(CryptoError) -> LedgerEntry {
        let message = Self.message(entry(at: time).body, behind: head)
        let signed = try signer.sign(message.span.bytes)
        return entry(at: time, signature: (0..<Ed25519Signature.byteCount).map { signed.bytes[$0] })
    }

    /// The signature of an entry that names a fold, and what it signs; nil for one without.
    static func signature(of entry: LedgerEntry, behind head: LedgerHead) -> (bytes: [UInt8], message: [UInt8])? {
        guard let text = value(entry.body)?["signature"]?.text, let bytes = Base64.decode(text) else { return nil }
        let member = ",\"signature\":\"\(text)\"}"
        guard entry.body.hasSuffix(member) else { return nil }
        return (bytes, message(entry.body.dropLast(member.count) + "}", behind: head))
    }

    private static func message(_ body: String, behind head: LedgerHead) -> [UInt8] {
        let number = UInt64(bitPattern: head.number &+ 1)
        return Array("UNS-DIODE-FOLD 1\n".utf8)
            + stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt64($0)) } + head.hash
            + Array(body.utf8)
    }

    private func entry(at time: UInt64, signature: [UInt8]?) -> LedgerEntry {
        var members: [JSONValue.Member] = body
        if let lost {
            members.append(
                .init(
                    "lost",
                    .array(
                        lost.map { [.text($0.link), .number($0.first), .number($0.last), .number($0.entry)] })))
        }
        if let signature { members.append(.init("signature", .text(Base64.encode(signature)))) }
        return LedgerEntry(link: "", at: time, kind: Self.kind, body: JSONValue.object(members).line)
    }

    private var body: [JSONValue.Member] {
        [
            .init(
                "runs",
                .array(
                    runs.map { run in
                        [.number(run.first), .number(run.last), .text(NotedHead.hexadecimal(run.hash))]
                    })),
            .init(
                "totals",
                .array(
                    totals.map { total in
                        [
                            .number(total.hour), .text(total.link), .text(total.rank), .text(total.cause),
                            .number(total.entries), .number(total.episodes), .number(total.records),
                        ]
                    })),
        ]
    }

    /// Reads the entry that names a fold; nil for any other, and for one that makes no sense.
    public init?(_ entry: LedgerEntry) {
        guard entry.kind == Self.kind, let body = Self.value(entry.body), let rows = body["runs"]?.elements,
            let sums = body["totals"]?.elements, rows.count <= Self.maximumRuns
        else { return nil }
        runs = []
        totals = []
        for row in rows {
            guard let cells = row.elements, cells.count == 3, let first = cells[0].integer, let last = cells[1].integer,
                let hash = cells[2].text.flatMap({ NotedHead.bytes(hexadecimal: $0[...]) }),
                first > (runs.last?.last ?? 0),
                last >= first
            else { return nil }
            runs.append(Run(first: first, last: last, hash: hash))
        }
        for sum in sums {
            guard let cells = sum.elements, cells.count == 7, let link = cells[1].text, let rank = cells[2].text,
                let cause = cells[3].text
            else { return nil }
            let numbers = [0, 4, 5, 6].compactMap { cells[$0].integer.flatMap { UInt64(exactly: $0) } }
            guard numbers.count == 4 else { return nil }
            totals.append(
                Total(
                    hour: numbers[0], link: link, rank: rank, cause: cause, entries: numbers[1], episodes: numbers[2],
                    records: numbers[3]))
        }
        guard let named = body["lost"]?.elements else { return }
        lost = []
        for row in named {
            guard let cells = row.elements, cells.count == 4, let link = cells[0].text, let first = cells[1].integer,
                let last = cells[2].integer, let entry = cells[3].integer, first > 0, last >= first
            else { return nil }
            lost?.append(LostGaps(link: link, first: first, last: last, entry: entry))
        }
    }

    private static func value(_ body: String) -> JSONValue? {
        do throws(JSON5Error) { return try JSON5Reader.value(of: Array(body.utf8)) } catch { return nil }
    }
}
