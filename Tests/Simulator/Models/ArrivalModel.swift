import DiodeProtocol

/// Which records a receiver must have, worked out from nothing but the genuine frames that reached it: sets of symbols, counted.
///
/// ```text
/// genuine frame ─▶ symbols of its block ── K of them ─▶ parts of its content ── all of them ─▶ what it holds
/// ```
///
/// It knows the few rules that say what a receiver may not take (WIRE W-20): an epoch that nobody told it of, a beat or a slice that
/// something newer has overtaken. What it knows goes back to the last transaction when the receiver is killed.
struct ArrivalModel {
    /// What the frames of a content hold together.
    enum Content {
        case live(epoch: Epoch, sequences: ClosedRange<UInt64>?)
        case beat(epochs: [Epoch], floor: Stamp?)
        /// Values and deletions that it lists: the simulated sender forgets none.
        case slice(SliceHeading, values: [Stamp])
    }

    private struct Parts {
        let firstBlock: UInt64
        let count: Int
        let content: Content
    }

    private struct TransmissionKey: Hashable {
        let block: BlockID
        let number: TransmissionNumber
    }

    /// What a database keeps.
    private struct Kept {
        var epochs: Set<Epoch> = []
        var heardFloor: Stamp?
        var newestBeat = (epoch: Epoch(rawValue: 0), block: UInt64(0))
        var newestSlice = (epoch: Epoch(rawValue: 0), block: UInt64(0))
        /// Every slice of some round of the carousel came.
        var hasRound = false
    }

    private var contents: [BlockID: Parts] = [:]
    private var kept = Kept()
    private var stored = Kept()
    /// What the process holds in memory.
    private var symbols: [BlockID: Set<UInt8>] = [:]
    private var decoded: Set<BlockID> = []
    private var finished: Set<TransmissionKey> = []
    private var listed: [Stamp] = []
    /// The round that came without a hole so far, and which of its slices is next.
    private var underWay: (epoch: Epoch, round: UInt64, next: UInt64)?
    private var came: Set<Stamp> = []
    /// Everything that came once, in this process or an earlier one.
    private(set) var mayHave: Set<Stamp> = []

    /// What must have been delivered, once all is quiet: what came since the last kill, and what slices listed.
    var mustHave: Set<Stamp> { came.union(listed) }
    /// The newest floor that a beat brought.
    private(set) var floor: Stamp?
    /// Every slice of some round of the carousel came.
    var hasRound: Bool { kept.hasRound }
    /// The epochs that it was told of.
    var epochs: Set<Epoch> { kept.epochs }
    /// The first floor that a beat brought: nothing below was promised.
    var firstFloor: Stamp? { kept.heardFloor }

    /// A content was closed into these blocks.
    mutating func expect(_ content: Content, in blocks: [BlockID]) {
        guard let first = blocks.first else { return }
        let parts = Parts(firstBlock: first.block.rawValue, count: blocks.count, content: content)
        for block in blocks { contents[block] = parts }
    }

    /// A genuine frame reached a receiver that runs.
    mutating func receive(_ header: TransmissionHeader, symbol: EncodingSymbolID) {
        let id = header.id
        let key = TransmissionKey(block: id, number: header.transmission)
        guard let parts = contents[id], !decoded.contains(id), !finished.contains(key) else { return }
        guard symbols[id] != nil || isOpen(id) else { return }
        symbols[id, default: []].insert(symbol.rawValue)
        guard symbols[id]?.count == header.sourceSymbols else { return }
        decoded.insert(id)
        symbols[id] = nil
        let blocks = (0..<parts.count).map { index in
            BlockID(
                channel: id.channel, epoch: id.epoch, incarnation: id.incarnation,
                block: BlockNumber(rawValue: parts.firstBlock + UInt64(index)))
        }
        guard blocks.allSatisfy(decoded.contains) else { return }
        if !take(parts, id) {
            // Its epoch was overtaken before anybody told of it: the next transmission may bring it.
            finished.insert(key)
            decoded.subtract(blocks)
        }
    }

    /// The receiver stored everything up to now.
    mutating func store() { stored = kept }

    /// A kill: what no transaction holds never happened.
    /// - Parameter records: what the transactions hold.
    mutating func kill(stored records: Set<Stamp>) {
        kept = stored
        symbols = [:]
        decoded = []
        finished = []
        listed = []
        underWay = nil
        came = records
    }

    private func isOpen(_ id: BlockID) -> Bool {
        switch id.channel {
        case .live: return isKnown(id.epoch)
        case .beat: return isBeyond(id, kept.newestBeat)
        case .snapshot: return isBeyond(id, kept.newestSlice)
        }
    }

    private func isKnown(_ epoch: Epoch) -> Bool {
        kept.epochs.contains(epoch) || kept.epochs.allSatisfy { $0 < epoch }
    }

    private func isBeyond(_ id: BlockID, _ newest: (epoch: Epoch, block: UInt64)) -> Bool {
        id.epoch > newest.epoch || id.epoch == newest.epoch && id.block.rawValue > newest.block
    }

    private mutating func take(_ parts: Parts, _ id: BlockID) -> Bool {
        let last = (epoch: id.epoch, block: parts.firstBlock + UInt64(parts.count) - 1)
        switch parts.content {
        case .live(let epoch, let sequences):
            guard isKnown(epoch) else { return false }
            kept.epochs.insert(epoch)
            for sequence in sequences.map(Array.init) ?? [] {
                let stamp = Stamp(epoch: epoch, sequence: SequenceNumber(rawValue: sequence))
                came.insert(stamp)
                mayHave.insert(stamp)
            }
        case .beat(let epochs, let floor):
            guard isBeyond(id, kept.newestBeat) else { return true }
            kept.newestBeat = last
            for epoch in epochs where isKnown(epoch) || isListable(epoch) { kept.epochs.insert(epoch) }
            if let floor {
                kept.heardFloor = kept.heardFloor ?? floor
                self.floor = max(self.floor ?? floor, floor)
            }
        case .slice(let heading, let values):
            guard isBeyond(id, kept.newestSlice) else { return true }
            kept.newestSlice = last
            listed += values
            mayHave.formUnion(values)
            follow(heading)
        }
        return true
    }

    private mutating func follow(_ heading: SliceHeading) {
        let (epoch, round) = (heading.capture.epoch, heading.round)
        let isNext = underWay.map { $0 == (epoch, round, heading.slice) } ?? false
        underWay = isNext || heading.slice == 0 ? (epoch, round, heading.slice + 1) : nil
        if heading.isLast, underWay != nil { kept.hasRound = true }
    }

    /// An epoch between others, or before all of them while nothing is known of the journal's floor.
    private func isListable(_ epoch: Epoch) -> Bool {
        guard let oldest = kept.epochs.min() else { return false }
        return epoch > oldest || kept.heardFloor == nil
    }
}
