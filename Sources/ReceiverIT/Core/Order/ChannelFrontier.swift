package import DiodeProtocol

/// The newest accepted block of a channel where only what is newer counts: snapshot and beat (W-20).
package struct ChannelFrontier: Sendable, Equatable {
    package private(set) var epoch = Epoch(rawValue: 0)
    package private(set) var incarnation: Incarnation?
    package private(set) var block: UInt64 = 0

    init() {}

    /// As it was stored.
    package init(epoch: Epoch, incarnation: Incarnation?, block: UInt64) {
        self.epoch = epoch
        self.incarnation = incarnation
        self.block = block
    }

    func isBeyond(_ id: BlockID) -> Bool {
        id.epoch > epoch || id.epoch == epoch && id.block.rawValue > block
    }

    /// Whether frames of this block are still wanted (W-20). Where nothing is known yet, what the card does not vouch for is refused (W-22).
    func isOpen(_ id: BlockID, from lowestEpoch: Epoch) -> Bool {
        isBeyond(id) && (epoch.rawValue > 0 || id.epoch >= lowestEpoch)
    }

    /// The newest block of an epoch; 0 if nothing of it was accepted.
    func block(of other: Epoch) -> UInt64 { epoch == other ? block : 0 }

    /// Whether the block comes from the sender lifetime that this epoch belongs to.
    func agrees(with id: BlockID) -> Bool {
        id.epoch != epoch || incarnation == nil || incarnation == id.incarnation
    }

    /// Accepts a unit that lies beyond.
    mutating func accept(_ unit: DecodedUnit) {
        epoch = unit.epoch
        incarnation = unit.incarnation
        block = unit.lastBlock
    }
}

/// The content hashes of the newest accepted live blocks: another content under one of their numbers is equivocation (W-21),
/// the same one is an echo.
///
/// Bounded: 65,536 blocks, the older of two that share a place is forgotten; 40 bytes each.
package struct AcceptedContents: Sendable {
    package struct Entry: Sendable, Equatable {
        package var epoch: Epoch
        package var block: UInt64
        package var hash: ContentHash

        package init(epoch: Epoch, block: UInt64, hash: ContentHash) {
            self.epoch = epoch
            self.block = block
            self.hash = hash
        }

        /// Where it is kept; a newer one with the same place displaces it.
        package var place: Int { Int(block % UInt64(AcceptedContents.capacity)) }
    }

    static let capacity = 65_536
    private var entries: [Entry?] = []
    private var changes: [Entry] = []

    init() {}

    /// Goes on from what was stored, one for each place.
    init(restoring stored: [Entry]) {
        for entry in stored { put(entry) }
    }

    mutating func insert(_ unit: DecodedUnit) {
        for (index, hash) in unit.contentHashes.enumerated() {
            let entry = Entry(epoch: unit.epoch, block: unit.firstBlock + UInt64(index), hash: hash)
            if put(entry) { changes.append(entry) }
        }
    }

    /// - Returns: false if a newer one has its place: an echo of an older epoch takes nothing from the one that lives.
    @discardableResult
    private mutating func put(_ entry: Entry) -> Bool {
        if entries.isEmpty { entries = Array(repeating: nil, count: Self.capacity) }
        if let held = entries[entry.place], (held.epoch, held.block) > (entry.epoch, entry.block) { return false }
        entries[entry.place] = entry
        return true
    }

    /// All that are known.
    var all: [Entry] { entries.compactMap { $0 } }

    /// Moves out what was inserted since the last call.
    mutating func takeChanges() -> [Entry] {
        guard !changes.isEmpty else { return [] }
        defer { changes = [] }
        return changes
    }

    /// The content hash of an accepted block, if it is still known.
    func hash(of id: BlockID) -> ContentHash? {
        guard !entries.isEmpty, let entry = entries[Int(id.block.rawValue % UInt64(Self.capacity))],
            entry.epoch == id.epoch, entry.block == id.block.rawValue
        else { return nil }
        return entry.hash
    }
}
