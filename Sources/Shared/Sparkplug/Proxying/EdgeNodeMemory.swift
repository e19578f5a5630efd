/// What a receiver wants to know of an edge node after a restart, as bytes (protobuf fields): the tables as they are, and the `bdSeq` of its next
/// connection, which goes on.
///
/// ```text
/// "b" NBIRTH topic   next bdSeq
/// "t" NBIRTH topic   node { epoch, sequence, table } │ devices { epoch, sequence, table, name } … │ birth { epoch, sequence }
/// ```
/// Tables are kept while nothing changes them, so that what is kept holds all that was settled: as soon as a record comes, they go.
enum EdgeNodeMemory {
    private enum Field {
        static let node = 1
        static let device = 2
        static let birth = 3
    }

    private enum TrackField {
        static let epoch = 1
        static let sequence = 2
        static let table = 3
        static let name = 4
    }

    enum Kind: UInt8 {
        case bdSeq = 0x62
        case tables = 0x74
    }

    static func name(_ kind: Kind, of id: EdgeNodeID) -> [UInt8] { [kind.rawValue] + id.topic(.nodeBirth) }

    /// Takes a name apart.
    static func kind(of name: [UInt8], namespaces: [String]) -> (Kind, EdgeNodeID)? {
        guard let first = name.first, let kind = Kind(rawValue: first) else { return nil }
        let topic = Array(name.dropFirst())
        guard let place = EdgePlace(topic.span.bytes, namespaces: namespaces), place.type == .nodeBirth else {
            return nil
        }
        return (kind, place.id)
    }

    static func tables(node: DeviceTrack, devices: [[UInt8]: DeviceTrack], birth: RecordOrder) -> [UInt8] {
        var writer = FieldWriter()
        writer.message(Field.node, track(node, nil))
        for (name, device) in devices { writer.message(Field.device, track(device, name)) }
        var order = FieldWriter()
        order.varint(TrackField.epoch, birth.epoch)
        order.varint(TrackField.sequence, birth.sequence)
        writer.message(Field.birth, order.bytes)
        return writer.bytes
    }

    private static func track(_ track: DeviceTrack, _ name: [UInt8]?) -> [UInt8] {
        var writer = FieldWriter()
        writer.varint(TrackField.epoch, track.order.epoch)
        writer.varint(TrackField.sequence, track.order.sequence)
        if var table = track.table { writer.message(TrackField.table, table.encoded()) }
        if let name { writer.message(TrackField.name, name) }
        return writer.bytes
    }

    /// Reads tables back. What cannot be read is left out: it is told again by the sender.
    static func read(_ bytes: [UInt8]) -> (node: DeviceTrack, devices: [[UInt8]: DeviceTrack], birth: RecordOrder) {
        var node = DeviceTrack()
        var devices: [[UInt8]: DeviceTrack] = [:]
        var birth = RecordOrder.zero
        for field in FieldReader(bytes, bytes.indices) where field.form == .bytes {
            let (track, name) = read(bytes, field.value)
            switch field.number {
            case Field.node: node = track
            case Field.device: if let name { devices[name] = track }
            case Field.birth: birth = track.order
            default: break
            }
        }
        return (node, devices, birth)
    }

    private static func read(_ bytes: [UInt8], _ range: Range<Int>) -> (DeviceTrack, name: [UInt8]?) {
        var track = DeviceTrack()
        var table: [UInt8]?
        var name: [UInt8]?
        for field in FieldReader(bytes, range) {
            switch field.number {
            case TrackField.epoch: track.order.epoch = field.varint
            case TrackField.sequence: track.order.sequence = field.varint
            case TrackField.table: table = Array(bytes[field.value])
            case TrackField.name: name = Array(bytes[field.value])
            default: break
            }
        }
        var unheeded = FaultCounts()
        if let table, let payload = try? Payload(table) {
            track.table = MetricTable(birth: payload, order: track.order, faults: &unheeded)
        }
        return (track, name)
    }
}

/// Which edge nodes' tables are kept, and which are to be.
struct MemoryWatch: Sendable {
    /// A node whose tables have not changed for so long has them kept.
    private static let calm = Duration.seconds(1)
    /// Large ones must be calm for longer: what one node's tables write stays below so many bytes a second.
    private static let pace = 64 << 10
    /// How many bytes are written down at once; the rest comes a moment later.
    private static let portion = 1 << 20

    /// Since when they are as they are.
    private var changed: [EdgeNodeID: Duration] = [:]
    private var kept: Set<EdgeNodeID> = []
    /// Bytes of the tables as they were last kept.
    private var sizes: [EdgeNodeID: Int] = [:]
    private(set) var due: Duration?
    private(set) var notes: [(name: [UInt8], value: [UInt8]?)] = []

    /// The tables of a node may change now.
    mutating func noteChange(_ id: EdgeNodeID, now: Duration) {
        changed[id] = now
        due = due ?? now + Self.calm
        if kept.remove(id) != nil { notes.append((EdgeNodeMemory.name(.tables, of: id), nil)) }
    }

    mutating func noteNext(_ bdSeq: UInt8, of id: EdgeNodeID) {
        notes.append((EdgeNodeMemory.name(.bdSeq, of: id), [bdSeq]))
    }

    /// What was read back is kept.
    mutating func noteKept(_ id: EdgeNodeID, bytes: Int) {
        kept.insert(id)
        sizes[id] = bytes
    }

    /// What was read back is of no use.
    mutating func drop(_ name: [UInt8]) { notes.append((name, nil)) }

    private func calm(of id: EdgeNodeID) -> Duration {
        max(Self.calm, .seconds(Double(sizes[id] ?? 0) / Double(Self.pace)))
    }

    mutating func forget(_ id: EdgeNodeID) {
        changed[id] = nil
        kept.remove(id)
        sizes[id] = nil
        for kind in [EdgeNodeMemory.Kind.bdSeq, .tables] { notes.append((EdgeNodeMemory.name(kind, of: id), nil)) }
    }

    /// Writes down what has not changed for a while, or all of it.
    mutating func write(now: Duration, all: Bool, _ tables: (EdgeNodeID) -> [UInt8]?) {
        guard all || due.map({ $0 <= now }) ?? false else { return }
        var bytes = 0
        for (id, since) in changed where all || since + calm(of: id) <= now {
            guard all || bytes < Self.portion else { break }
            changed[id] = nil
            guard let value = tables(id) else { continue }
            bytes += value.count
            noteKept(id, bytes: value.count)
            notes.append((EdgeNodeMemory.name(.tables, of: id), value))
        }
        due = changed.isEmpty ? nil : now + Self.calm / (bytes < Self.portion ? 1 : 20)
    }

    mutating func takeNotes() -> [(name: [UInt8], value: [UInt8]?)] {
        defer { notes = [] }
        return notes
    }
}
