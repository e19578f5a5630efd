/// One edge node on the IT side: what the plant says of it. Its data is in SessionData.swift, what hosts see of it in SessionBirths.swift.
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
    /// Whether a device, or the node itself, lives in the plant: its birth is published as soon as the node has a connection. What was not told of
    /// since the link speaks again may be dead.
    func lives(_ device: [UInt8]?, isSilent: Bool) -> Bool {
        guard node.table != nil, let track = track(device), track.table != nil else { return false }
        return isSilent || (node.isSure && track.isSure)
    }
    var livingDevices: Int { devices.values.count { $0.table != nil } }
    var metrics: Int { devices.values.reduce(node.table?.metrics.count ?? 0) { $0 + ($1.table?.metrics.count ?? 0) } }

    /// What became of a record.
    enum Taken {
        /// It has its answer, or will have it with a publish that is on its way.
        case done
        /// It must wait for a birth; nothing has happened.
        case waits
        /// A table has what it says, and hosts have not heard it.
        case folded
    }

    /// Takes a record of the plant, or a folded state of the sender.
    /// - Parameter hasCompany: others of the node wait. Then a death waits too, so that what was before it is told before it.
    mutating func take(
        _ record: EdgeRecord, hasCompany: Bool, in world: Circumstances, _ effects: inout ProxyEffects
    ) -> Taken {
        do throws(SparkplugFault) {
            if record.isState, record.payload.isEmpty {
                return emptyState(record, hasCompany: hasCompany, world, &effects)
            }
            let payload =
                try record.isState ? Payload(record.payload) : Payload(record.payload, as: record.place.type)
            switch (record.place.type, record.isState) {
            case (.nodeBirth, true): return try nodeState(record, payload, world, &effects)
            case (.deviceBirth, true): return try deviceState(record, payload, world, &effects)
            case (.nodeBirth, false): return try nodeBirth(record, payload, world, &effects)
            case (.deviceBirth, false): return try deviceBirth(record, payload, world, &effects)
            case (.nodeDeath, _): return nodeDeath(record, payload, hasCompany: hasCompany, world, &effects)
            case (.deviceDeath, _): return deviceDeath(record, payload, hasCompany: hasCompany, &effects)
            case (.nodeData, _), (.deviceData, _): return data(record, payload, world, &effects)
            case (.nodeCommand, _), (.deviceCommand, _), (.state, _): effects.refuse(record.token)
            }
        } catch {
            faults.add(error)
            // The deletion of a retained message says nothing that anybody could miss.
            if error == .cleared { return tell(record.token, record.place.device, &effects) }
            if error == .overLimit { effects.overLimit += 1 }
            effects.refuse(record.token)
        }
        return .done
    }

    /// Takes what has waited, or says whether hosts have heard it by now.
    mutating func settle(
        _ question: WaitingRecords.Question, in world: Circumstances, _ effects: inout ProxyEffects
    ) -> Taken {
        switch question {
        case .record(let record):
            // Not read again for nothing, as often as anything of its node happens.
            if record.place.type.isData, !isTold(record.place.device) { return .waits }
            return take(record, hasCompany: false, in: world, &effects)
        case .folded(let token, let device):
            guard track(device)?.table == nil else { return tell(token, device, &effects) }
            // It died before hosts could hear of it.
            effects.giveUp(token)
            return .done
        }
    }

    /// A record will not be told to anybody.
    mutating func giveUp(_ record: EdgeRecord, in world: Circumstances, _ effects: inout ProxyEffects) {
        switch record.place.type {
        case .nodeData, .deviceData:
            fold(record, in: world, &effects)
            effects.giveUp(record.token)
        case .nodeDeath, .deviceDeath, .nodeBirth, .deviceBirth:
            if take(record, hasCompany: false, in: world, &effects) != .done { effects.giveUp(record.token) }
        case .nodeCommand, .deviceCommand, .state: effects.giveUp(record.token)
        }
    }

    /// Answers a record that changes nothing: the tables say it already, and hosts have heard it, or will.
    private func tell(_ token: UInt64?, _ device: [UInt8]?, _ effects: inout ProxyEffects) -> Taken {
        let track = track(device)
        // Of what is dead there is nothing to tell.
        guard track?.table == nil || isBorn && (track?.isPublished ?? false) else { return .folded }
        effects.answer(id, token)
        return .done
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

    // MARK: Over a restart

    /// The tables as they are, for ``EdgeNodeMemory``.
    var tables: [UInt8] { EdgeNodeMemory.tables(node: node, devices: devices, birth: birthOrder) }

    /// Takes back what an earlier process knew. Nothing is sure.
    mutating func restore(_ kept: [UInt8]) {
        (node, devices, birthOrder) = EdgeNodeMemory.read(kept)
        bytes = devices.values.reduce(node.table?.bytes ?? 0) { $0 + ($1.table?.bytes ?? 0) }
    }

    // MARK: Births

    private mutating func nodeBirth(
        _ record: EdgeRecord, _ payload: Payload, _ world: Circumstances, _ effects: inout ProxyEffects
    ) throws(SparkplugFault) -> Taken {
        guard record.order > node.order else { return tell(record.token, nil, &effects) }
        _ = try replace(nil, by: payload, record, world, &effects)
        birthOrder = record.order
        for name in devices.keys where devices[name].map({ $0.order < record.order }) ?? false {
            bury(name, order: record.order)
        }
        guard isBorn else {
            settle(world, &effects)
            return tell(record.token, nil, &effects)
        }
        bear(world, &effects, token: record.token, time: node.table?.timestamp ?? record.sourceTime)
        return .done
    }

    private mutating func deviceBirth(
        _ record: EdgeRecord, _ payload: Payload, _ world: Circumstances, _ effects: inout ProxyEffects
    ) throws(SparkplugFault) -> Taken {
        let device = record.place.device ?? []
        guard record.order > latest(of: device) else { return tell(record.token, device, &effects) }
        _ = try replace(device, by: payload, record, world, &effects)
        guard isBorn else { return .folded }
        bear(device, world, &effects, token: record.token, time: payload.timestamp ?? record.sourceTime)
        return .done
    }

    /// Replaces the table of a device, or of the node, by that of a newer birth or state.
    /// If it is beyond a limit, device or node is dead: what was known is not true any more, what is true cannot be told, and nothing of the new
    /// session may go by the old one's aliases.
    /// - Returns: whether the new table differs from what hosts were told.
    private mutating func replace(
        _ device: [UInt8]?, by payload: Payload, _ record: EdgeRecord, _ world: Circumstances,
        _ effects: inout ProxyEffects
    ) throws(SparkplugFault) -> Bool {
        do throws(SparkplugFault) {
            return try takeOver(device, payload, record, world)
        } catch {
            if let device {
                end(device, record, &effects)
            } else {
                die(order: record.order, token: nil, world, &effects)
            }
            throw error
        }
    }

    private mutating func takeOver(
        _ device: [UInt8]?, _ payload: Payload, _ record: EdgeRecord, _ world: Circumstances
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
        _ record: EdgeRecord, _ payload: Payload, hasCompany: Bool, _ world: Circumstances,
        _ effects: inout ProxyEffects
    ) -> Taken {
        guard record.order > node.order else { return tell(record.token, nil, &effects) }
        if hasCompany, node.table != nil, !isBorn { return .waits }
        if let birth = node.table.flatMap(Self.bdSeq), payload.bdSeq != birth {
            faults.add(payload.bdSeq == nil ? .bdSeqMissing : .bdSeqMismatch)
            // The death is of another session, or of none. A host must ignore such a death, and this receiver stands for all hosts.
            guard let death = payload.bdSeq, SessionNumber.ends(death, birth) else {
                return tell(record.token, nil, &effects)
            }
        }
        die(order: record.order, token: record.token, world, &effects)
        return .done
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
        effects.release(.all)
        settle(world, &effects, token: token)
    }

    private mutating func deviceDeath(
        _ record: EdgeRecord, _ payload: Payload, hasCompany: Bool, _ effects: inout ProxyEffects
    ) -> Taken {
        let device = record.place.device ?? []
        guard record.order > latest(of: device), let track = devices[device] else {
            return tell(record.token, device, &effects)
        }
        if hasCompany, track.table != nil, node.table != nil, !isBorn { return .waits }
        bury(device, order: record.order)
        effects.release(.device(device))
        if track.isPublished {
            publishDeath(of: device, payload, time: record.sourceTime, token: record.token, &effects)
        } else {
            effects.answer(id, record.token)
        }
        return .done
    }

    /// A device is dead, and hosts hear of it, by another record than the plant's own death.
    private mutating func end(_ device: [UInt8], _ record: EdgeRecord, _ effects: inout ProxyEffects) {
        let isPublished = devices[device]?.isPublished ?? false
        bury(device, order: record.order)
        effects.release(.device(device))
        if isPublished { publishDeath(of: device, nil, time: record.sourceTime, token: nil, &effects) }
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

    private mutating func emptyState(
        _ record: EdgeRecord, hasCompany: Bool, _ world: Circumstances, _ effects: inout ProxyEffects
    ) -> Taken {
        guard let device = record.place.device else {
            if record.order > node.order, node.table != nil {
                if hasCompany, !isBorn { return .waits }
                die(order: record.order, token: nil, world, &effects)
            }
            node.order = max(node.order, record.order)
            return tell(record.token, nil, &effects)
        }
        guard record.order > latest(of: device), let track = devices[device] else {
            return tell(record.token, device, &effects)
        }
        if hasCompany, track.table != nil, node.table != nil, !isBorn { return .waits }
        end(device, record, &effects)
        effects.answer(id, record.token)
        return .done
    }

    private mutating func nodeState(
        _ record: EdgeRecord, _ payload: Payload, _ world: Circumstances, _ effects: inout ProxyEffects
    ) throws(SparkplugFault) -> Taken {
        var changed = false
        if record.order > node.order { changed = try replace(nil, by: payload, record, world, &effects) }
        // An older one still says that the node lives, unless its death is newer.
        if node.table != nil { node.isSure = true }
        if !isBorn {
            settle(world, &effects)
        } else if changed {
            effects.report.healed += 1
            bear(world, &effects)
        }
        return tell(record.token, nil, &effects)
    }

    private mutating func deviceState(
        _ record: EdgeRecord, _ payload: Payload, _ world: Circumstances, _ effects: inout ProxyEffects
    ) throws(SparkplugFault) -> Taken {
        let device = record.place.device ?? []
        var changed = false
        if record.order > latest(of: device) { changed = try replace(device, by: payload, record, world, &effects) }
        if let track = devices[device], track.table != nil {
            devices[device]?.isSure = true
            if isBorn, changed || !track.isPublished {
                effects.report.healed += 1
                bear(device, world, &effects)
            }
        }
        return tell(record.token, device, &effects)
    }

    // MARK: Tracks

    /// Place of the newest birth, death or state of a device; an older message changes nothing.
    private func latest(of device: [UInt8]) -> RecordOrder {
        max(devices[device]?.order ?? .zero, node.table == nil ? node.order : birthOrder)
    }

    func track(_ device: [UInt8]?) -> DeviceTrack? { device.map { devices[$0] } ?? node }

    mutating func put(_ table: MetricTable?, for device: [UInt8]?) {
        if let device { devices[device]?.table = table } else { node.table = table }
    }
}
