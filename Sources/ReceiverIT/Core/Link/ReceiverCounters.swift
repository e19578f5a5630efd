internal import Account
internal import DiodeProtocol
public import JSON

/// What a receiver counted since it started. Each frame is counted once in `frames` and in at most one of the others down
/// to `surplus`.
public struct ReceiverCounters: Sendable, Equatable {
    /// Datagrams that were given to this link.
    public package(set) var frames: UInt64 = 0
    /// Not a frame (W-01, W-02, W-05 to W-10).
    public package(set) var malformed: UInt64 = 0
    /// A frame of a link that nobody here knows (W-04).
    public package(set) var unknownLink: UInt64 = 0
    /// Of a key that was in use before the one that is, or of one that was revoked (W-51).
    public package(set) var formerKey: UInt64 = 0
    public package(set) var revokedKey: UInt64 = 0
    /// Statements of a key of this link that lead nowhere (W-51).
    public package(set) var refusedRotations: UInt64 = 0
    /// A wire version, or a content, that this release does not read (W-03, W-29).
    public package(set) var version: UInt64 = 0
    /// Not signed by the paired sender, or contradicting what it signed (W-15, W-16).
    public package(set) var badSignature: UInt64 = 0
    /// Of a block that was accepted before, or lies outside of everything open (W-20).
    public package(set) var replayed: UInt64 = 0
    /// No verification could be spent on it (W-17).
    public package(set) var overBudget: UInt64 = 0
    /// First arrivals that were not needed: repair symbols of blocks that were complete.
    public package(set) var surplus: UInt64 = 0
    /// Repetitions of accepted blocks: echoes that found nothing to heal.
    public package(set) var repeated: UInt64 = 0

    /// Blocks accepted, by channel.
    public package(set) var liveBlocks: UInt64 = 0
    public package(set) var snapshotBlocks: UInt64 = 0
    public package(set) var beatBlocks: UInt64 = 0
    /// Slices applied, and records that were missing and came in one.
    public package(set) var slices: UInt64 = 0
    public package(set) var filledRecords: UInt64 = 0
    /// Source symbols that erasure coding restored.
    public package(set) var restoredSymbols: UInt64 = 0
    /// Partly received blocks that were shed for want of room.
    public package(set) var assembliesShed: UInt64 = 0
    /// Blocks whose decoded bytes are not what the header says: content hash (W-19), padding (W-14), packing (W-25).
    public package(set) var corruptBlocks: UInt64 = 0
    /// Blocks whose signed content breaks W-28 to W-34.
    public package(set) var malformedContents: UInt64 = 0
    /// Sealed blocks without a key to open them (W-27).
    public package(set) var sealed: UInt64 = 0
    /// Signed blocks whose numbers contradict their neighbours' (W-24).
    public package(set) var inconsistent: UInt64 = 0
    /// Signed blocks that say what no sender can have (`Plausibility`).
    public package(set) var implausible: UInt64 = 0
    /// Another content, or another sender, under a number that was taken (W-21).
    public package(set) var equivocations: UInt64 = 0
    /// Items or fields of a later release that may be skipped (W-29).
    public package(set) var skippedItems: UInt64 = 0
    /// Records released, in order and late, those from slices among them.
    public package(set) var records: UInt64 = 0
    /// Records, and slots of slices, whose topic found no room in the replica.
    public package(set) var untrackedRecords: UInt64 = 0

    public init() {}

    /// Datagrams that changed nothing because they were not what the link may bring.
    public var rejected: UInt64 {
        malformed + unknownLink + formerKey + revokedKey + refusedRotations + version + badSignature + replayed
            + overBudget
    }
}

extension ReceiverCounters {
    /// Every counter by the name that status and database call it.
    private static var named: [(name: String, counter: WritableKeyPath<ReceiverCounters, UInt64>)] {
        [
            ("frames", \.frames), ("malformed", \.malformed), ("unknown_link", \.unknownLink),
            ("former_key", \.formerKey),
            ("revoked_key", \.revokedKey), ("refused_rotations", \.refusedRotations), ("version", \.version),
            ("bad_signature", \.badSignature), ("replayed", \.replayed), ("over_budget", \.overBudget),
            ("surplus", \.surplus), ("repeated", \.repeated), ("live_blocks", \.liveBlocks),
            ("snapshot_blocks", \.snapshotBlocks), ("beat_blocks", \.beatBlocks),
            ("restored_symbols", \.restoredSymbols), ("assemblies_shed", \.assembliesShed),
            ("corrupt_blocks", \.corruptBlocks), ("malformed_contents", \.malformedContents), ("sealed", \.sealed),
            ("inconsistent", \.inconsistent), ("implausible", \.implausible),
            ("equivocations", \.equivocations), ("skipped_items", \.skippedItems),
            ("slices", \.slices), ("filled_records", \.filledRecords), ("records", \.records),
            ("untracked_records", \.untrackedRecords),
        ]
    }

    /// An object of all counters.
    public var json: JSONValue {
        .object(Self.named.map { JSONValue.Member($0.name, .number(self[keyPath: $0.counter])) })
    }

    /// Reads such an object; what is not in it is 0.
    public init(_ json: JSONValue) {
        self.init()
        for (name, counter) in Self.named {
            self[keyPath: counter] = UInt64(clamping: json[name]?.integer ?? 0)
        }
    }

    /// A content that this release cannot use.
    mutating func count(_ error: ContentError) {
        switch error.counter {
        case .malformed: malformedContents += 1
        case .version: version += 1
        case .sealed: sealed += 1
        }
    }

    /// What applying a released unit came to.
    mutating func count(_ applied: Committer.Applied) {
        records += applied.records
        untrackedRecords += applied.untracked
        skippedItems += applied.skipped
    }

    /// What applying a slice came to.
    mutating func count(_ outcome: SliceApplier.Outcome) {
        slices += 1
        records += outcome.filled
        filledRecords += outcome.filled
        untrackedRecords += outcome.untracked
        skippedItems += outcome.skipped
    }

    /// Counts what another process, or a socket, had counted.
    package static func + (a: ReceiverCounters, b: ReceiverCounters) -> ReceiverCounters {
        var sum = a
        for (_, counter) in named { sum[keyPath: counter] = sum[keyPath: counter].plus(b[keyPath: counter]) }
        return sum
    }
}
