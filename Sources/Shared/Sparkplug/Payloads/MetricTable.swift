/// The metrics of one edge node or device: what its birth said, and what data has set since.
///
/// ```text
/// birth ──▶ [ name, alias, body, order ] … in the birth's order ──▶ encoded(): the birth that would be true now
/// data  ──▶   by name, or by alias
/// ```
///
/// `order` is the place of the record that set the metric; the sender, which hears everything in order, uses one for all.
struct MetricTable: Sendable {
    struct Metric: Sendable {
        let name: [UInt8]
        let alias: UInt64?
        /// The encoded metric, with name, alias and datatype; without what data has said since the table was `settled`.
        fileprivate(set) var body: [UInt8]
        fileprivate(set) var order: RecordOrder
        /// There was no room for its value: its body says null, and need not be written for every value that finds none.
        fileprivate var isNulled = false
    }

    /// Which metric of the table a metric of data means.
    enum Match: Equatable {
        case metric(Int)
        /// No birth gave this alias; or another birth than this one did.
        case unknownAlias
        case unknownName
    }

    /// What a metric costs beside its encoded bytes.
    private static let overhead = 200

    private(set) var metrics: [Metric] = []
    /// What data has said of some of them, by place.
    private var updates: [Int: MetricUpdates] = [:]
    private var byName: [[UInt8]: Int] = [:]
    private var byAlias: [UInt64: Int] = [:]
    /// Aliases mean what they mean now from this order on.
    private var aliasesSince: RecordOrder
    /// The birth's own, in Unix milliseconds.
    private(set) var timestamp: UInt64?
    private let seq: UInt64?
    /// The other fields of the birth's payload: uuid, body, unknown ones.
    let others: [UInt8]
    /// What the table costs, as `SparkplugLimits.bytes` counts.
    private(set) var bytes = 0

    /// - Parameters:
    ///   - aliasesSince: from which record on its aliases can be believed; nil for the birth itself.
    ///   - faults: counts what the birth lacks; the table does without.
    init(birth: Payload, order: RecordOrder, aliasesSince: RecordOrder? = nil, faults: inout FaultCounts) {
        timestamp = birth.timestamp
        seq = birth.seq
        self.aliasesSince = aliasesSince ?? order
        others = FieldReader(birth.bytes, birth.bytes.indices)
            .filter { ![Payload.Field.timestamp, Payload.Field.metric, Payload.Field.seq].contains($0.number) }
            .flatMap { birth.bytes[$0.range] }
        metrics.reserveCapacity(birth.metrics.count)
        if birth.timestamp == nil { faults.add(.timestampMissing) }
        for view in birth.metrics {
            guard !view.name.isEmpty else {
                faults.add(.namelessMetric)
                continue
            }
            // Without a time of its own it has the birth's: said by whoever publishes it, so that a state stays what it is.
            if view.timestamp == nil { faults.add(.timestampMissing) }
            add(view, of: birth, time: nil, order: order, faults: &faults)
        }
    }

    /// Takes a metric into the table as if a birth had it: name, alias, datatype and value.
    /// - Parameter time: for a metric without timestamp.
    private mutating func add(
        _ view: MetricView, of payload: Payload, time: UInt64?, order: RecordOrder, faults: inout FaultCounts
    ) {
        let name = payload.name(of: view)
        var writer = FieldWriter()
        writer.raw(payload.bytes[view.range])
        if view.datatype == nil {
            faults.add(.datatypeMissing)
            writer.varint(MetricView.Field.datatype, view.datatypeOfValue.rawValue)
        }
        if view.timestamp == nil, let time { writer.varint(MetricView.Field.timestamp, time) }
        let metric = Metric(name: name, alias: view.alias, body: writer.bytes, order: order)
        bytes += metric.body.count + Self.overhead
        let place: Int
        if let known = byName[name] {
            faults.add(.duplicateName)
            settle(known)
            bytes -= metrics[known].body.count + Self.overhead
            if let alias = metrics[known].alias, byAlias[alias] == known { byAlias[alias] = nil }
            metrics[known] = metric
            place = known
        } else {
            place = metrics.count
            byName[name] = place
            metrics.append(metric)
        }
        guard let alias = view.alias else { return }
        if byAlias.updateValue(place, forKey: alias) != nil { faults.add(.duplicateAlias) }
    }

    /// Finds what a metric of data means. A name counts before an alias.
    func match(_ view: MetricView, of payload: Payload, order: RecordOrder) -> Match {
        if !view.name.isEmpty {
            return byName[payload.name(of: view)].map(Match.metric) ?? .unknownName
        }
        guard let alias = view.alias, order >= aliasesSince, let place = byAlias[alias] else { return .unknownAlias }
        return .metric(place)
    }

    /// Sets a metric to what data says of it, at a cost of the data's bytes.
    /// - Parameter room: how many bytes the table may grow.
    /// - Returns: false if it would grow more; nothing has changed then.
    mutating func set(_ place: Int, to view: MetricView, of payload: Payload, order: RecordOrder, room: Int) -> Bool {
        let most = MetricUpdates.bytes(of: view)
        if most > room {
            guard merge(view, of: payload, into: place, room: room) else { return false }
        } else {
            let former = updates[place]?.count ?? 0
            updates[place, default: MetricUpdates()].append(view, of: payload.bytes, time: payload.timestamp)
            let count = updates[place]?.count ?? 0
            bytes += count - former
            if count >= metrics[place].body.count { settle(place) }
        }
        metrics[place].order = order
        metrics[place].isNulled = false
        return true
    }

    /// Merges at once, because there is no room for keeping what data says beside the metric. A metric that is much larger than the data is
    /// not taken apart for it.
    private mutating func merge(_ view: MetricView, of payload: Payload, into place: Int, room: Int) -> Bool {
        guard metrics[place].body.count <= 16 * view.range.count + 256 else { return false }
        let before = bytes
        settle(place)
        var update = MetricUpdates()
        update.append(view, of: payload.bytes, time: payload.timestamp)
        let body = update.merged(into: metrics[place].body)
        let growth = body.count - metrics[place].body.count
        guard growth <= room + before - bytes || growth <= 0 else { return false }
        bytes += growth
        metrics[place].body = body
        return true
    }

    /// Sets a metric to null, because there is no room for its value: the truth is that it is not known.
    mutating func setNull(_ place: Int, time: UInt64?, order: RecordOrder) {
        guard !metrics[place].isNulled else {
            metrics[place].order = order
            return
        }
        settle(place)
        for time in [time, nil] {
            var null = FieldWriter()
            if let time { null.varint(MetricView.Field.timestamp, time) }
            null.varint(MetricView.Field.isNull, 1)
            let body = MetricParts.merge(metrics[place].body, with: [MessageBytes(null.bytes)])
            // A metric that has no value is no larger for saying so without a time.
            guard body.count <= metrics[place].body.count else { continue }
            bytes += body.count - metrics[place].body.count
            metrics[place].body = body
            metrics[place].order = order
            metrics[place].isNulled = true
            return
        }
    }

    /// The most bytes that `encoded` can have now.
    var encodedBytes: Int { bytes - metrics.count * (Self.overhead - 8) + others.count + 32 }

    /// Makes the metric's body what it is now.
    private mutating func settle(_ place: Int) {
        guard let update = updates.removeValue(forKey: place) else { return }
        let body = update.merged(into: metrics[place].body)
        bytes += body.count - metrics[place].body.count - update.count
        metrics[place].body = body
    }

    /// Makes all bodies what they are now. To be called before they are looked at.
    mutating func settle() { for place in Array(updates.keys) { settle(place) } }

    /// The table with all bodies as they are now.
    var settled: MetricTable {
        var table = self
        table.settle()
        return table
    }

    /// Takes up a metric of data that no birth had, if it says its datatype and no other metric has its alias.
    /// - Returns: false if it cannot be taken up.
    mutating func adopt(_ view: MetricView, of payload: Payload, order: RecordOrder, room: Int) -> Bool {
        guard !view.name.isEmpty, view.datatype != nil, !view.isHistorical,
            view.range.count + Self.overhead + 12 <= room, view.alias.map({ byAlias[$0] == nil }) ?? true
        else { return false }
        var unheeded = FaultCounts()
        add(view, of: payload, time: payload.timestamp, order: order, faults: &unheeded)
        return true
    }

    /// Becomes the table of a newer birth or state, except for metrics that have been set since.
    ///
    /// - Parameter newer: all of one order.
    /// - Returns: whether anything but orders is different now.
    mutating func replace(by newer: MetricTable, order: RecordOrder) -> Bool {
        let former = settled
        self = newer
        settle()
        var changed = others != former.others
        for place in metrics.indices {
            guard let known = former.byName[metrics[place].name] else {
                changed = true
                continue
            }
            let old = former.metrics[known]
            if old.order > order {
                bytes -= metrics[place].body.count
                metrics[place].body = MetricParts.merge(metrics[place].body, with: [MessageBytes(old.body)])
                bytes += metrics[place].body.count
                metrics[place].order = old.order
            }
            changed = changed || metrics[place].body != old.body
        }
        for old in former.metrics where byName[old.name] == nil {
            changed = changed || old.order <= order
            if old.order > order { append(old) }
        }
        let sameAliases = former.byAlias.allSatisfy { alias, place in
            byAlias[alias].map { metrics[$0].name == former.metrics[place].name } ?? true
        }
        if sameAliases { aliasesSince = former.aliasesSince }
        return changed
    }

    /// A metric of a former table that was set after this one's birth.
    private mutating func append(_ metric: Metric) {
        byName[metric.name] = metrics.count
        if let alias = metric.alias, byAlias[alias] == nil { byAlias[alias] = metrics.count }
        bytes += metric.body.count + Self.overhead
        metrics.append(metric)
    }

    /// The metric of this name.
    func metric(named name: [UInt8]) -> Metric? { byName[name].map { metrics[$0] } }

    /// The metric of this alias.
    func metric(aliased alias: UInt64) -> Metric? { byAlias[alias].map { metrics[$0] } }

    /// The aliases that metrics have, `bdSeq` and `Node Control/Rebirth` aside, which need none; nil if two have the same.
    var aliases: [UInt64]? {
        let all = metrics.filter { $0.name != MetricName.bdSeq && $0.name != MetricName.rebirth }.compactMap(\.alias)
        return Set(all).count == all.count ? all : nil
    }

    /// The birth that would be true now. For a birth that nothing has touched since, and whose fields stand in the order of their
    /// numbers, these are its bytes.
    mutating func encoded() -> [UInt8] {
        settle()
        var writer = FieldWriter()
        writer.reserve(bytes)
        if let timestamp { writer.varint(Payload.Field.timestamp, timestamp) }
        for metric in metrics { writer.message(Payload.Field.metric, metric.body) }
        if let seq { writer.varint(Payload.Field.seq, seq) }
        writer.raw(others)
        return writer.bytes
    }
}
