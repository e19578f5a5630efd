package import Account
internal import Crypto
package import Deliveries
package import DiodeProtocol
internal import ReadBackCore

/// What the receiver knows of the namespace: for each topic the stamp and the hash of its retained value and of its last event.
/// Stamps alone decide what is newer (P3), over restarts of either side; hashes add up to the digest of a checkpoint.
///
/// ```text
/// topic ─▶ retained: stamp of the value or of its deletion, hash        TopicNames: by its bytes
///          event:    stamp of the newest publish that was not retained, hash      TopicOrder: by its hash, for slices
///          version
/// ```
///
/// Values themselves are not kept, and they are hashed as late as possible (`SlotHashes`).
///
/// Bounded by topics and bytes of their names. Beyond a limit a new topic is not tracked, and counted as `untracked`. Its records in order
/// still pass; its late records count as superseded, because nothing shows that they are not.
package struct Replica: Sendable {
    package struct Limits: Sendable {
        /// About 250 bytes each beside the name.
        var topics = 1_000_000
        /// All names together.
        var nameBytes = 128 << 20

        init() {}
    }

    /// How a record stands to what its topic has had.
    enum Standing: Equatable { case newest, superseded, untracked }

    /// Which slot of a topic.
    enum Kind: Int, Sendable, CaseIterable { case retained, event }

    private struct Topic: Sendable {
        var retained = ReplicaSlot()
        var event = ReplicaSlot()
        /// The hash of the retained payload alone, to compare it with what the IT broker retains.
        var value: UInt64 = 0
        var version: UInt64 = 0

        subscript(kind: Kind) -> ReplicaSlot {
            get { kind == .retained ? retained : event }
            set { if kind == .retained { retained = newValue } else { event = newValue } }
        }

        var newest: Stamp { max(retained.stamp, event.stamp) }

        mutating func setHash(
            of kind: Kind, _ hash: Digest32, _ content: SlotContent, with hasher: inout SymbolHasher
        ) {
            self[kind].hash = hash
            // Nobody compares the value of an event, and its hash costs as much as the slot's.
            if kind == .retained { value = hasher.value(content.payload) }
        }
    }

    private let limits: Limits
    private var names = TopicNames()
    private var topics: [Topic] = []
    private var order = TopicOrder()
    /// The hashes of all slots, each under the number that `key` makes of place and kind.
    private var hashes = SlotHashes()
    /// Values held, tombstones aside.
    private(set) var slotCount: UInt64 = 0
    /// Topics that found no room since the start.
    private(set) var untracked: UInt64 = 0
    /// A whole round of slices has said every slot that is not newer than this; nil: none has since the start.
    private var saidUpTo: Stamp?
    private var checkpoint = DirtyTopics()
    /// Versions that were passed over since they were last taken.
    private var jumps: [VersionJump] = []
    /// Compares the replica with what the IT broker retains.
    private var comparison = RetainedComparison()
    /// A slice changed a slot in a way that a start, which applies the stored units again, would not repeat. The round's transaction then
    /// holds a whole checkpoint.
    private var isAheadOfUnits = false

    package init(limits: Limits = Limits()) { self.limits = limits }

    /// Topics that are tracked.
    var count: Int { names.count }

    /// Notes a record of the stream.
    ///
    /// A retained record is the newest if its topic's retained value is not newer; an event, if nothing of its topic is: a
    /// consumer takes the last message as the current value, while the retained value must follow the plant's even if
    /// an event came since. A record that a whole round of slices has passed over is superseded, even if the sender has forgotten what came
    /// after that record.
    mutating func apply(
        _ content: SlotContent, stamp: Stamp, version: TopicVersion, with hasher: inout SymbolHasher
    ) -> Standing {
        if let saidUpTo, stamp <= saidUpTo {
            pass(content, stamp: stamp, version: version)
            return .superseded
        }
        guard let place = place(of: content.topic, with: &hasher) else { return .untracked }
        raiseVersion(place, to: version, of: stamp, records: 1)
        checkpoint.mark(place)
        if content.retain {
            guard !topics[place].retained.isAtLeast(stamp) else { return .superseded }
            set(.retained, of: place, to: content, stamp, with: &hasher)
            return .newest
        }
        let isNewestEvent = !topics[place].event.isAtLeast(stamp)
        if isNewestEvent { set(.event, of: place, to: content, stamp, with: &hasher) }
        return isNewestEvent && !topics[place].retained.isAtLeast(stamp) ? .newest : .superseded
    }

    /// Leaves out a record that a whole round has passed over. A start that applies the record's unit again does not know of that round and
    /// would take the record, so a whole checkpoint has to be written.
    private mutating func pass(_ content: SlotContent, stamp: Stamp, version: TopicVersion) {
        let place = names.find(content.topic)
        if let place { raiseVersion(place, to: version, of: stamp, records: 1) }
        let isOld = place.map { topics[$0][content.retain ? .retained : .event].isAtLeast(stamp) } ?? false
        if !isOld { isAheadOfUnits = true }
    }

    /// Notes records that the sender numbered and shed.
    /// - Parameter stamp: of the last of them.
    mutating func apply(_ run: ShedRun, last stamp: Stamp, with hasher: inout SymbolHasher) {
        for entry in run.entries {
            let topic = Array(entry.topic.utf8)
            guard entry.lastVersion.rawValue > 0, let place = place(of: topic.span.bytes, with: &hasher) else {
                continue
            }
            raiseVersion(place, to: entry.lastVersion, of: stamp, records: entry.records)
            checkpoint.mark(place)
        }
    }

    // MARK: What a checkpoint says

    /// Whether a checkpoint says the same of all slots.
    mutating func agrees(with checkpoint: Checkpoint, with hasher: inout SymbolHasher) -> Bool {
        hashAll(with: &hasher)
        return hashes.sum == checkpoint.digest && slotCount == checkpoint.slots
    }

    // MARK: What a slice says

    /// A whole round has said every slot up to this stamp.
    mutating func noteWhole(upTo stamp: Stamp) { saidUpTo = max(saidUpTo ?? stamp, stamp) }

    /// The place of a topic, new if need be; nil if there is no room.
    mutating func place(of topic: RawSpan, with hasher: inout SymbolHasher) -> Int? {
        if let place = names.find(topic) { return place }
        guard names.count < limits.topics, names.byteCount + topic.byteCount <= limits.nameBytes else {
            untracked += 1
            return nil
        }
        return insert(topic, with: &hasher)
    }

    func slot(_ kind: Kind, of place: Int) -> ReplicaSlot { topics[place][kind] }
    func version(of place: Int) -> TopicVersion { TopicVersion(rawValue: max(1, topics[place].version)) }
    func name(of place: Int) -> [UInt8] { names.name(place) }

    /// The places of all topics in an interval of hashes, in its order.
    func places(from: TopicHash, through to: TopicHash) -> [Int] {
        var found: [Int] = []
        var position = order.position(from: from)
        while let (hash, place) = order.topic(at: position), hash <= to {
            found.append(place)
            position = order.next(position)
        }
        return found
    }

    /// Puts a slot of a slice in its place, whatever is there.
    mutating func put(
        _ kind: Kind, of place: Int, _ content: SlotContent, stamp: Stamp, with hasher: inout SymbolHasher
    ) {
        // A start repeats this only for a retained value that became newer: an event has no refresh that the start could apply, and a step
        // back to an older stamp might be refused there.
        if kind == .event || topics[place][kind].isAtLeast(stamp) { isAheadOfUnits = true }
        set(kind, of: place, to: content, stamp, with: &hasher)
        checkpoint.mark(place)
    }

    /// Notes the version that a slice says.
    mutating func noteVersion(_ version: TopicVersion, of place: Int, stamp: Stamp) {
        raiseVersion(place, to: version, of: stamp, records: 1)
    }

    /// Whether a topic has told of this version or a later one.
    func hasHeard(_ version: TopicVersion, of topic: RawSpan) -> Bool {
        names.find(topic).map { topics[$0].version >= version.rawValue } ?? false
    }

    /// Moves out which versions were passed over.
    package mutating func takeJumps() -> [VersionJump] {
        guard !jumps.isEmpty else { return [] }
        defer { jumps = [] }
        return jumps
    }

    /// Whether a slot holds exactly this.
    mutating func holds(
        _ kind: Kind, of place: Int, _ content: SlotContent, stamp: Stamp, with hasher: inout SymbolHasher
    ) -> Bool {
        let slot = topics[place][kind]
        guard slot.stamp == stamp, slot.state == (content.isDeletion ? .tombstone : .held) else { return false }
        guard slot.state == .held else { return true }
        hashSlots(of: place, with: &hasher)
        return topics[place][kind].hash == content.hash(stamp: stamp, with: &hasher)
    }

    /// Empties a slot. A topic whose two slots are empty is removed.
    mutating func clear(_ kind: Kind, of place: Int, with hasher: inout SymbolHasher) {
        clearHash(kind, of: place)
        if topics[place][kind].state == .held { slotCount -= 1 }
        topics[place][kind] = ReplicaSlot()
        if kind == .retained { comparison.noteChange(place) }
        isAheadOfUnits = true
        checkpoint.mark(place)
        if topics[place].retained.state == .empty, topics[place].event.state == .empty { remove(place, with: &hasher) }
    }

    // MARK: What the IT broker retains (Sources/ReadBack)

    /// Every topic is known, so that what the IT broker has beyond is the past.
    var isComplete: Bool { untracked == 0 && names.count < limits.topics }

    /// From now on retained values that change are on their way to the IT broker.
    mutating func beginReading() { comparison.begin() }

    /// Compares a value that the IT broker retains.
    mutating func compare(_ value: RetainedValue, with hasher: inout SymbolHasher) -> RetainedComparison.Verdict {
        guard let place = names.find(value.topic.span.bytes) else { return value.isOurs ? .ghost(nil) : .foreign }
        guard topics[place].retained.state == .held else {
            return comparison.compare(value, at: place, with: .nothing(topics[place].retained.known))
        }
        if !comparison.hasChanged(place) { hashSlots(of: place, with: &hasher) }
        let topic = topics[place]
        return comparison.compare(value, at: place, with: .held(topic.retained.stamp, value: topic.value))
    }

    /// The IT broker retains a value that should not be there, and its deletion is on its way.
    mutating func noteGhost() { comparison.noteGhost() }

    /// All of it was read; every topic whose value should have been seen counts as wrong, unless the IT broker has refused that value.
    mutating func endReading(
        _ expectations: RetainedExpectations, with hasher: inout SymbolHasher
    ) -> RetainedComparison.Result {
        for place in 0..<names.places where isHeld(place) {
            let isUnseen = comparison.isUnseen(place)
            guard isUnseen ? expectations.admits(names.name(place)) : comparison.isWrong(place) else { continue }
            hashSlots(of: place, with: &hasher)
            if expectations.refuses(names.name(place), topics[place].value) {
                comparison.noteRefused(place)
            } else if isUnseen {
                comparison.noteUnseen(place)
            }
        }
        return comparison.end()
    }

    /// Nobody knows what the IT broker retains.
    mutating func cancelReading() { comparison.cancel() }

    /// Moves out whether everything that was wrong has been handed over, so that reading again makes sense.
    mutating func takeReadingWish() -> Bool { comparison.takeWish() }

    /// Moves out whether the IT broker retains something else of a topic, according to the last reading.
    mutating func takeWrong(_ place: Int) -> Bool { comparison.takeWrong(place) }

    /// Marks every topic under a prefix, whatever the IT broker retains: the next round says all of them again.
    mutating func markAll(under prefix: [UInt8]) {
        for place in 0..<names.places where isHeld(place) && names.name(place).starts(with: prefix) {
            comparison.mark(place)
        }
    }

    // MARK: Storage

    /// Puts a topic back as it was stored. Topics have to come in the order of their ids.
    /// - Returns: false if there is no room for it.
    package mutating func restore(_ row: TopicRow, with hasher: inout SymbolHasher) -> Bool {
        let place: Int
        if let known = names.find(row.name.span.bytes) {
            // The topic was removed and came back, and the process was killed between the writes of the two rows.
            checkpoint.mark(row.id)
            guard max(row.retained.stamp, row.event.stamp) > topics[known].newest else { return true }
            for kind in Kind.allCases {
                clearHash(kind, of: known)
                if topics[known][kind].state == .held { slotCount -= 1 }
            }
            checkpoint.mark(known)
            place = known
        } else {
            guard names.count < limits.topics, names.byteCount + row.name.count <= limits.nameBytes,
                row.id >= names.places, row.id < limits.topics + 1 << 20,
                let new = insert(row.name.span.bytes, at: row.id, with: &hasher)
            else { return false }
            place = new
        }
        topics[place] = Topic(
            retained: row.retained, event: row.event, value: row.value, version: row.version.rawValue)
        for kind in Kind.allCases where topics[place][kind].state == .held {
            slotCount += 1
            hashes.add(topics[place][kind].hash)
        }
        return true
    }

    /// Applies a delivery of a stored unit that is newer than the last checkpoint.
    package mutating func replay(_ delivery: Delivery, with hasher: inout SymbolHasher) {
        let content = SlotContent(delivery)
        guard delivery.isRefresh else {
            _ = apply(content, stamp: delivery.stamp, version: delivery.version, with: &hasher)
            return
        }
        // A refresh is what a slice took back or put right; it replaces the slot, whatever the slot held.
        let known = content.isDeletion ? names.find(content.topic) : place(of: content.topic, with: &hasher)
        guard let place = known else { return }
        if !content.isDeletion || topics[place].retained.stamp <= delivery.stamp {
            put(.retained, of: place, content, stamp: delivery.stamp, with: &hasher)
        }
    }

    /// Goes on with the rolling checkpoint, or takes all of it at once where the units behind the last one no longer tell all.
    /// - Parameters:
    ///   - mayBegin: a new one may begin if there is something to write.
    ///   - limit: topics to move out in this step.
    mutating func stepCheckpoint(
        mayBegin: Bool, limit: Int, with hasher: inout SymbolHasher
    ) -> (LinkChanges.Checkpoint, [TopicRow]) {
        if isAheadOfUnits { checkpoint.restart() }
        let (checkpoint, places) = checkpoint.step(
            mayBegin: mayBegin, limit: isAheadOfUnits ? .max : limit)
        isAheadOfUnits = false
        for place in places { hashSlots(of: place, with: &hasher) }
        return (checkpoint, places.map(row))
    }

    /// Everything is about to be written.
    mutating func prepareWhole(with hasher: inout SymbolHasher) {
        hashAll(with: &hasher)
        checkpoint = DirtyTopics()
        isAheadOfUnits = false
    }

    /// All topics as they are stored; what changed is hashed.
    package var rows: some Sequence<TopicRow> { (0..<names.places).lazy.filter { !names.isFree($0) }.map(row) }

    /// A topic as it is stored; one without a name is gone.
    private func row(_ place: Int) -> TopicRow {
        guard place < names.places, !names.isFree(place) else { return TopicRow(id: place) }
        let topic = topics[place]
        return TopicRow(
            id: place, name: names.name(place), retained: topic.retained, event: topic.event, value: topic.value,
            version: TopicVersion(rawValue: topic.version))
    }

    // MARK: Parts

    /// Whether a topic has a retained value.
    private func isHeld(_ place: Int) -> Bool { !names.isFree(place) && topics[place].retained.state == .held }

    private mutating func insert(_ topic: RawSpan, at wanted: Int? = nil, with hasher: inout SymbolHasher) -> Int? {
        let place = names.insert(topic, at: wanted)
        guard order.insert(hasher.topicHash(topic), place) else {
            names.remove(place)
            untracked += 1
            return nil
        }
        while topics.count <= place { topics.append(Topic()) }
        return place
    }

    private mutating func remove(_ place: Int, with hasher: inout SymbolHasher) {
        let name = names.name(place)
        order.remove(hasher.topicHash(name.span.bytes))
        names.remove(place)
        topics[place] = Topic()
        comparison.forget(place)
    }

    private mutating func set(
        _ kind: Kind, of place: Int, to content: SlotContent, _ stamp: Stamp, with hasher: inout SymbolHasher
    ) {
        clearHash(kind, of: place)
        if kind == .retained { comparison.noteChange(place) }
        let wasHeld = topics[place][kind].state == .held
        topics[place][kind].stamp = stamp
        topics[place][kind].state = content.isDeletion ? .tombstone : .held
        if wasHeld { slotCount -= 1 }
        guard !content.isDeletion else { return }
        slotCount += 1
        hashes.wait(content, for: Self.key(kind, of: place))
        if hashes.isFull { hashAll(with: &hasher) }
    }

    /// Takes what a slot held out of the digest.
    private mutating func clearHash(_ kind: Kind, of place: Int) {
        hashes.remove(Self.key(kind, of: place), hash: topics[place][kind].hash)
        topics[place][kind].hash = ReplicaSlot().hash
    }

    private mutating func hashAll(with hasher: inout SymbolHasher) {
        hashes.takeAll(stamp: { topics[$0 / 2][Self.kind($0)].stamp }, with: &hasher) { key, hash, content, hasher in
            topics[key / 2].setHash(of: Self.kind(key), hash, content, with: &hasher)
        }
    }

    private mutating func hashSlots(of place: Int, with hasher: inout SymbolHasher) {
        for kind in Kind.allCases {
            let stamp = topics[place][kind].stamp
            guard let (hash, content) = hashes.takeHash(of: Self.key(kind, of: place), stamp: stamp, with: &hasher)
            else { continue }
            topics[place].setHash(of: kind, hash, content, with: &hasher)
        }
    }

    /// The number of a slot.
    private static func key(_ kind: Kind, of place: Int) -> Int { place * 2 + kind.rawValue }
    private static func kind(_ key: Int) -> Kind { key % 2 == 0 ? .retained : .event }

    /// - Parameter records: how many versions up to this one are told of.
    private mutating func raiseVersion(_ place: Int, to version: TopicVersion, of stamp: Stamp, records: UInt64) {
        // A newer record may have a lower version: then the sender forgot the topic, and the topic came back.
        guard version.rawValue > topics[place].version || stamp > topics[place].newest else { return }
        let known = topics[place].version
        if known > 0, version.rawValue > known + records {
            jumps.append(
                VersionJump(
                    topic: names.name(place), versions: known + 1...version.rawValue - records,
                    after: topics[place].newest, before: stamp))
        }
        topics[place].version = version.rawValue
    }
}
