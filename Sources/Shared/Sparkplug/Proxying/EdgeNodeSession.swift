/// One edge node on the IT side: what the plant says of it. What hosts see of it is in SessionBirths.swift.
///
/// ```text
///            birth or state of the plant            connected
///   none ───────────────────────────▶ connecting ─────────────▶ standing: NBIRTH, DBIRTHs, data …
///    ▲                                                             │ NDEATH of the plant, silence, host offline
///    └──────────────── lost ◀──────────── ending ◀─────────────────┘ NDEATH, disconnect
/// ```
///
/// A message counts if its place in the link's stream is after what is known. An older birth or death changes nothing; older values
/// are published as historical.
struct EdgeNodeSession: Sendable {
    enum Connection { case none, connecting, standing, ending }

    let id: EdgeNodeID
    var node = DeviceTrack()
    var devices: [[UInt8]: DeviceTrack] = [:]
    var faults = FaultCounts()
    /// The bytes of all tables together.
    var bytes = 0

    var connection = Connection.none
    /// NBIRTH is out on the connection that stands.
    var isBorn = false
    var throttle: RebirthThrottle
    var nextBdSeq: UInt8
    var bdSeq: UInt8 = 0
    var seq: UInt8 = 0
    /// Aliases of the births that are out.
    var usedAliases: Set<UInt64> = []
    /// A host has asked for a birth.
    var wantsRebirth = false

    /// Place of the newest NBIRTH: devices that were born before it are dead.
    private var birthOrder = RecordOrder.zero

    init(_ id: EdgeNodeID, settings: EdgeNodeProxy.Settings) {
        self.id = id
        throttle = RebirthThrottle(interval: settings.rebirthInterval)
        nextBdSeq = settings.firstBdSeq
    }

    var isForgettable: Bool {
        node.table == nil && connection == .none && devices.values.allSatisfy { $0.table == nil }
    }
    var livingDevices: Int { devices.values.count { $0.table != nil } }
    var metrics: Int { devices.values.reduce(node.table?.metrics.count ?? 0) { $0 + ($1.table?.metrics.count ?? 0) } }

    /// Takes a record of the plant.
    /// - Returns: false if it must wait for a birth: nothing has happened then.
    mutating func take(_ record: EdgeRecord, in world: Circumstances, _ effects: inout ProxyEffects) -> Bool {
        do throws(SparkplugFault) {
            let payload = try Payload(record.payload, as: record.place.type)
            switch record.place.type {
            case .nodeBirth: try nodeBirth(record, payload, world, &effects)
            case .deviceBirth: try deviceBirth(record, payload, world, &effects)
            case .nodeDeath: nodeDeath(record, payload, world, &effects)
            case .deviceDeath: deviceDeath(record, payload, &effects)
            case .nodeData, .deviceData: return data(record, payload, world, &effects)
            case .nodeCommand, .deviceCommand, .state: effects.answer(record.token)
            }
        } catch {
            faults.add(error)
            // The deletion of a retained message says nothing that anybody could miss.
            if error == .cleared { effects.answer(record.token) } else { effects.refuse(record.token) }
        }
        return true
    }

    /// Takes a folded state of the sender.
    mutating func takeState(_ record: EdgeRecord, in world: Circumstances, _ effects: inout ProxyEffects) {
        do throws(SparkplugFault) {
            if record.payload.isEmpty {
                emptyState(record, world, &effects)
            } else if let device = record.place.device {
                try deviceState(record, try Payload(record.payload), of: device, world, &effects)
            } else {
                try nodeState(record, try Payload(record.payload), world, &effects)
            }
            effects.answer(record.token)
        } catch {
            faults.add(error)
            effects.refuse(record.token)
        }
    }

    /// Whether a command asks this node for its births: `Node Control/Rebirth` = true, by name or by the plant's alias
    /// (`tck-id-operational-behavior-data-commands-rebirth-name`).
    func isRebirthRequest(_ command: Payload) -> Bool {
        command.metrics.contains { view in
            guard view.value?.number == MetricView.Field.boolean, view.value?.isTrue ?? false else { return false }
            if !view.name.isEmpty { return command.name(of: view) == MetricName.rebirth }
            return view.alias.flatMap { node.table?.metric(aliased: $0)?.name } == MetricName.rebirth
        }
    }

    /// Folds data into the table that the next birth is made of, because the data waited too long for a birth.
    mutating func fold(_ record: EdgeRecord, in world: Circumstances) {
        guard let payload = try? Payload(record.payload), var table = track(record.place.device)?.table else { return }
        let before = table.bytes
        for view in payload.metrics where !view.isHistorical {
            guard case .metric(let place) = table.match(view, of: payload, order: record.order),
                table.metrics[place].order <= record.order
            else { continue }
            let room = world.limits.bytes - bytes - (table.bytes - before)
            if !table.set(place, to: view, of: payload, order: record.order, room: room) { faults.add(.overLimit) }
        }
        bytes += table.bytes - before
        put(table, for: record.place.device)
    }

    // MARK: Births

    private mutating func nodeBirth(
        _ record: EdgeRecord, _ payload: Payload, _ world: Circumstances, _ effects: inout ProxyEffects
    ) throws(SparkplugFault) {
        guard record.order > node.order else { return effects.answer(record.token) }
        _ = try replace(nil, by: payload, record, world)
        birthOrder = record.order
        for name in devices.keys where devices[name].map({ $0.order < record.order }) ?? false {
            bury(name, order: record.order)
        }
        if isBorn {
            bear(world, &effects, token: record.token, time: node.table?.timestamp ?? record.sourceTime)
        } else {
            effects.answer(record.token)
            settle(world, &effects)
        }
    }

    private mutating func deviceBirth(
        _ record: EdgeRecord, _ payload: Payload, _ world: Circumstances, _ effects: inout ProxyEffects
    ) throws(SparkplugFault) {
        let device = record.place.device ?? []
        guard record.order > latest(of: device) else { return effects.answer(record.token) }
        _ = try replace(device, by: payload, record, world)
        if isBorn {
            bear(device, world, &effects, token: record.token, time: payload.timestamp ?? record.sourceTime)
        } else {
            effects.answer(record.token)
        }
    }

    /// Replaces the table of a device, or of the node, by that of a newer birth or state.
    /// - Returns: whether the new table differs from what hosts were told.
    private mutating func replace(
        _ device: [UInt8]?, by payload: Payload, _ record: EdgeRecord, _ world: Circumstances
    ) throws(SparkplugFault) -> Bool {
        guard payload.metrics.count <= world.limits.metricsPerBirth else { throw .overLimit }
        var track = try openTrack(device, world)
        // This is the first table that is known of it. Its aliases are taken to have been the same before, since nothing shows otherwise.
        let since: RecordOrder? = track.order == .zero ? .zero : nil
        let newer = MetricTable(birth: payload, order: record.order, aliasesSince: since, faults: &faults)
        let former = track.table?.bytes ?? 0
        guard bytes - former + newer.bytes <= world.limits.bytes else { throw .overLimit }
        var changed = true
        if var table = track.table {
            changed = table.replace(by: newer, order: record.order) || track.needsBirth
            track.table = table
        } else {
            track.table = newer
        }
        bytes += (track.table?.bytes ?? 0) - former
        track.order = record.order
        track.isSure = true
        if let device { devices[device] = track } else { node = track }
        return changed
    }

    /// The track of a device, a new one if there is room: one of a dead device makes way.
    private mutating func openTrack(_ device: [UInt8]?, _ world: Circumstances) throws(SparkplugFault) -> DeviceTrack {
        guard let device else { return node }
        if let known = devices[device] { return known }
        if devices.count >= world.limits.devicesPerNode {
            guard let dead = devices.first(where: { $0.value.table == nil })?.key else { throw .overLimit }
            devices[dead] = nil
        }
        return DeviceTrack()
    }

    // MARK: Deaths

    private mutating func nodeDeath(
        _ record: EdgeRecord, _ payload: Payload, _ world: Circumstances, _ effects: inout ProxyEffects
    ) {
        guard record.order > node.order else { return effects.answer(record.token) }
        if let birth = node.table.flatMap(Self.bdSeq), payload.bdSeq != birth {
            faults.add(payload.bdSeq == nil ? .bdSeqMissing : .bdSeqMismatch)
            // The death is of another session, or of none. A host must ignore such a death, and this receiver stands for all hosts.
            guard let death = payload.bdSeq, SessionNumber.ends(death, birth) else {
                return effects.answer(record.token)
            }
        }
        die(order: record.order, token: record.token, world, &effects)
    }

    private static func bdSeq(_ table: MetricTable) -> UInt8? {
        guard let metric = table.metric(named: MetricName.bdSeq) else { return nil }
        return MetricView(metric.body, metric.body.indices).sessionNumber
    }

    /// Node and devices are dead, except for devices that were born since.
    private mutating func die(
        order: RecordOrder, token: UInt64?, _ world: Circumstances, _ effects: inout ProxyEffects
    ) {
        bytes -= node.table?.bytes ?? 0
        node.table = nil
        node.order = order
        node.isSure = true
        for name in devices.keys where devices[name].map({ $0.order < order }) ?? false { bury(name, order: order) }
        effects.releases = true
        settle(world, &effects, token: token)
    }

    private mutating func deviceDeath(_ record: EdgeRecord, _ payload: Payload, _ effects: inout ProxyEffects) {
        let device = record.place.device ?? []
        guard record.order > latest(of: device), devices[device] != nil else { return effects.answer(record.token) }
        let wasPublished = devices[device]?.isPublished ?? false
        bury(device, order: record.order)
        effects.releases = true
        if wasPublished {
            publishDeath(of: device, payload, time: record.sourceTime, token: record.token, &effects)
        } else {
            effects.answer(record.token)
        }
    }

    private mutating func bury(_ device: [UInt8], order: RecordOrder) {
        guard var track = devices[device] else { return }
        bytes -= track.table?.bytes ?? 0
        usedAliases.subtract(track.publishedAliases ?? [])
        track.table = nil
        track.order = order
        track.isSure = true
        track.unpublish()
        devices[device] = track
    }

    // MARK: States

    private mutating func emptyState(_ record: EdgeRecord, _ world: Circumstances, _ effects: inout ProxyEffects) {
        guard let device = record.place.device else {
            if record.order > node.order, node.table != nil { die(order: record.order, token: nil, world, &effects) }
            node.order = max(node.order, record.order)
            return
        }
        guard record.order > latest(of: device), let track = devices[device] else { return }
        bury(device, order: record.order)
        effects.releases = true
        if track.isPublished { publishDeath(of: device, nil, time: record.sourceTime, token: nil, &effects) }
    }

    private mutating func nodeState(
        _ record: EdgeRecord, _ payload: Payload, _ world: Circumstances, _ effects: inout ProxyEffects
    ) throws(SparkplugFault) {
        var changed = false
        if record.order > node.order { changed = try replace(nil, by: payload, record, world) }
        // An older one still says that the node lives, unless its death is newer.
        if node.table != nil { node.isSure = true }
        guard isBorn else { return settle(world, &effects) }
        guard changed else { return }
        effects.report.healed += 1
        bear(world, &effects)
    }

    private mutating func deviceState(
        _ record: EdgeRecord, _ payload: Payload, of device: [UInt8], _ world: Circumstances,
        _ effects: inout ProxyEffects
    ) throws(SparkplugFault) {
        var changed = false
        if record.order > latest(of: device) { changed = try replace(device, by: payload, record, world) }
        guard let track = devices[device], track.table != nil else { return }
        devices[device]?.isSure = true
        guard isBorn, changed || !track.isPublished else { return }
        effects.report.healed += 1
        bear(device, world, &effects)
    }

    // MARK: Tracks

    /// Place of the newest birth, death or state of a device; an older message changes nothing.
    private func latest(of device: [UInt8]) -> RecordOrder {
        max(devices[device]?.order ?? .zero, node.table == nil ? node.order : birthOrder)
    }

    private func track(_ device: [UInt8]?) -> DeviceTrack? { device.map { devices[$0] } ?? node }

    private mutating func put(_ table: MetricTable, for device: [UInt8]?) {
        if let device { devices[device]?.table = table } else { node.table = table }
    }

    // MARK: Data

    private mutating func data(
        _ record: EdgeRecord, _ payload: Payload, _ world: Circumstances, _ effects: inout ProxyEffects
    ) -> Bool {
        let device = record.place.device
        guard var track = track(device), track.table != nil, isBorn, track.isPublished else {
            // Data from before the newest death is answered and dropped. Other data waits: a birth will come, or be published again.
            let isOver = track(device)?.table == nil && record.order < (device.map { latest(of: $0) } ?? node.order)
            if isOver { effects.answer(record.token) }
            return isOver
        }
        // The table leaves its place while it changes, so that Swift does not copy it.
        if let device { devices[device]?.table = nil } else { node.table = nil }
        let decisions = decide(record, payload, &track, world, &effects)
        if let device { devices[device] = track } else { node = track }

        if payload.metrics.isEmpty || decisions.contains(where: { $0.naming != .dropped }) {
            let rewritten = DataRewriter.rewrite(payload, decisions: decisions, seq: seq, time: record.sourceTime)
            publish(record.place.type, device, rewritten, token: record.token, &effects)
        } else {
            effects.answer(record.token)
        }
        if track.needsBirth, throttle.asks(now: world.now.sinceStart) { bearPending(world, &effects) }
        return true
    }

    /// What becomes of each metric; the table takes up what is newer than it knows.
    private mutating func decide(
        _ record: EdgeRecord, _ payload: Payload, _ track: inout DeviceTrack, _ world: Circumstances,
        _ effects: inout ProxyEffects
    ) -> [DataRewriter.Decision] {
        guard var table = track.table else { return [] }
        track.table = nil
        let before = table.bytes
        var decisions: [DataRewriter.Decision] = []
        decisions.reserveCapacity(payload.metrics.count)
        for view in payload.metrics {
            let room = world.limits.bytes - bytes - (table.bytes - before)
            var decision = DataRewriter.Decision(naming: .dropped, isHistorical: view.isHistorical)
            switch table.match(view, of: payload, order: record.order) {
            case .metric(let place):
                let metric = table.metrics[place]
                if metric.name == MetricName.bdSeq { break }
                if record.order < metric.order, !view.isHistorical {
                    decision.isHistorical = true
                    effects.report.historical += 1
                }
                if !decision.isHistorical,
                    !table.set(place, to: view, of: payload, order: record.order, room: room)
                {
                    faults.add(.overLimit)
                }
                if place < track.publishedMetrics { decision.naming = naming(of: metric, in: track) }
            case .unknownAlias: faults.add(.unknownAlias)
            case .unknownName:
                faults.add(.unknownMetric)
                let mayGrow = table.metrics.count < world.limits.metricsPerBirth
                if mayGrow, table.adopt(view, of: payload, order: record.order, room: room) { track.needsBirth = true }
            }
            decisions.append(decision)
        }
        bytes += table.bytes - before
        track.table = table
        return decisions
    }

    /// How data has to name a metric: in the way of the birth that was published.
    private func naming(of metric: MetricTable.Metric, in track: DeviceTrack) -> DataRewriter.Naming {
        guard let alias = metric.alias, track.publishedAliases != nil, metric.name != MetricName.rebirth else {
            return .byName(metric.name)
        }
        return .byAlias(alias)
    }
}
