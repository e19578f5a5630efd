/// The sender's fold of one edge node: its table, those of its devices that live, and whether they are sure.
struct NodeFold: Sendable {
    let id: EdgeNodeID
    private(set) var table: MetricTable?
    private(set) var devices: [[UInt8]: MetricTable] = [:]
    private(set) var faults = FaultCounts()
    var throttle: RequestThrottle
    /// What all tables cost.
    private(set) var bytes = 0
    /// Whose state has changed since it was last taken: devices, and nil for the node itself.
    var changed: Set<[UInt8]?> = []

    private var bdSeq: UInt8?
    private var nextSeq: UInt8?
    /// The node's own state is not sure, or that of devices that could not be listed.
    private var nodeIsUnsure = false
    private var unsureDevices: Set<[UInt8]> = []

    init(_ id: EdgeNodeID, throttle: RequestThrottle) {
        self.id = id
        self.throttle = throttle
    }

    var isIncomplete: Bool { nodeIsUnsure || !unsureDevices.isEmpty }
    /// Nothing of it is alive, and its death has been told.
    var isForgettable: Bool { table == nil && devices.isEmpty && changed.isEmpty }
    var metrics: Int { devices.values.reduce(table?.metrics.count ?? 0) { $0 + $1.metrics.count } }

    /// - Parameters:
    ///   - device: nil for a message of the node itself.
    ///   - limits: with the bytes that are left for this node.
    /// - Returns: nil, or the fault that kept anything from being folded.
    mutating func fold(
        _ type: SparkplugTopic.MessageType, device: [UInt8]?, payload: RawSpan, limits: SparkplugLimits
    ) -> SparkplugFault? {
        do throws(SparkplugFault) {
            let payload = try Payload(payload)
            switch type {
            case .nodeBirth: try nodeBirth(payload, limits)
            case .deviceBirth: try deviceBirth(payload, of: device ?? [], limits)
            case .nodeDeath: try nodeDeath(payload)
            case .deviceDeath: try deviceDeath(payload, of: device ?? [])
            case .nodeData, .deviceData: try data(payload, of: device, limits)
            case .nodeCommand, .deviceCommand, .state: break
            }
            return nil
        } catch {
            faults.add(error)
            return error
        }
    }

    mutating func count(_ fault: SparkplugFault) { faults.add(fault) }

    /// Takes up what was stored before a start.
    mutating func restore(device: [UInt8]?, payload: RawSpan, limits: SparkplugLimits) {
        guard let payload = try? Payload(payload) else { return }
        var unheeded = FaultCounts()
        let table = MetricTable(birth: payload, order: .zero, faults: &unheeded)
        guard bytes + table.bytes <= limits.bytes, table.metrics.count <= limits.metricsPerBirth else { return }
        if let device {
            guard devices.count < limits.devicesPerNode else { return }
            devices[device] = table
        } else {
            self.table = table
            bdSeq = payload.bdSeq
        }
        bytes += table.bytes
        nodeIsUnsure = true
    }

    /// The folded birth; nil if node or device is dead.
    mutating func state(of device: [UInt8]?) -> [UInt8]? {
        if let device { devices[device]?.encoded() } else { table?.encoded() }
    }

    private mutating func nodeBirth(_ payload: Payload, _ limits: SparkplugLimits) throws(SparkplugFault) {
        let table = try load(payload, limits, replacing: bytes)
        kill()
        if payload.seq.map({ $0 != 0 }) ?? false { faults.add(.birthSequence) }
        countSeq(payload)
        bdSeq = payload.bdSeq
        if bdSeq == nil { faults.add(.bdSeqMissing) }
        checkRebirthMetric(payload)
        self.table = table
        bytes = table.bytes
        nodeIsUnsure = false
        unsureDevices = []
        changed.insert(nil)
    }

    private mutating func deviceBirth(
        _ payload: Payload, of device: [UInt8], _ limits: SparkplugLimits
    ) throws(SparkplugFault) {
        guard devices[device] != nil || devices.count < limits.devicesPerNode,
            changed.count <= 4 * limits.devicesPerNode
        else { throw .overLimit }
        let former = devices[device]?.bytes ?? 0
        let table = try load(payload, limits, replacing: former)
        countSeq(payload)
        devices[device] = table
        bytes += table.bytes - former
        unsureDevices.remove(device)
        changed.insert(device)
        if self.table == nil {
            faults.add(.withoutBirth)
            nodeIsUnsure = true
        }
    }

    /// - Parameter replaced: bytes that become free.
    private mutating func load(
        _ payload: Payload, _ limits: SparkplugLimits, replacing replaced: Int
    ) throws(SparkplugFault) -> MetricTable {
        guard payload.metrics.count <= limits.metricsPerBirth else { throw .overLimit }
        let table = MetricTable(birth: payload, order: .zero, faults: &faults)
        guard bytes - replaced + table.bytes <= limits.bytes else { throw .overLimit }
        return table
    }

    private mutating func nodeDeath(_ payload: Payload) throws(SparkplugFault) {
        guard table != nil || !devices.isEmpty else { throw .withoutBirth }
        if let death = payload.bdSeq {
            if let bdSeq, death != bdSeq {
                faults.add(.bdSeqMismatch)
                // Of an earlier session: a will that came after the next birth.
                if SessionNumber.isEarlier(death, than: bdSeq) { return }
            }
        } else {
            faults.add(.bdSeqMissing)
        }
        kill()
        nodeIsUnsure = false
        unsureDevices = []
    }

    /// Node and devices are dead.
    private mutating func kill() {
        if table != nil { changed.insert(nil) }
        changed.formUnion(devices.keys.map { $0 })
        table = nil
        devices = [:]
        bytes = 0
        nextSeq = nil
    }

    private mutating func deviceDeath(_ payload: Payload, of device: [UInt8]) throws(SparkplugFault) {
        countSeq(payload)
        unsureDevices.remove(device)
        guard let table = devices.removeValue(forKey: device) else { throw .withoutBirth }
        bytes -= table.bytes
        changed.insert(device)
    }

    private mutating func data(
        _ payload: Payload, of device: [UInt8]?, _ limits: SparkplugLimits
    ) throws(SparkplugFault) {
        if table != nil { countSeq(payload) }
        guard var table = device.map({ devices[$0] }) ?? self.table else {
            markUnsure(device, limits)
            throw .withoutBirth
        }
        // Out of its place while it changes, so that it is not copied.
        put(nil, for: device)
        let before = table.bytes
        if payload.timestamp == nil { faults.add(.timestampMissing) }
        for view in payload.metrics where !view.isHistorical {
            let room = limits.bytes - bytes - (table.bytes - before)
            switch table.match(view, of: payload, order: .zero) {
            case .metric(let place):
                guard table.metrics[place].name != MetricName.bdSeq else { continue }
                if !table.set(place, to: view, of: payload, order: .zero, room: room) { faults.add(.overLimit) }
            case .unknownAlias:
                faults.add(.unknownAlias)
                markUnsure(device, limits)
            case .unknownName:
                faults.add(.unknownMetric)
                let mayGrow = table.metrics.count < limits.metricsPerBirth
                if !mayGrow || !table.adopt(view, of: payload, order: .zero, room: room) { markUnsure(device, limits) }
            }
        }
        bytes += table.bytes - before
        put(table, for: device)
        if payload.metrics.contains(where: { !$0.isHistorical }) { changed.insert(device) }
    }

    private mutating func put(_ table: MetricTable?, for device: [UInt8]?) {
        if let device { devices[device] = table } else { self.table = table }
    }

    private mutating func markUnsure(_ device: [UInt8]?, _ limits: SparkplugLimits) {
        guard let device, unsureDevices.count < limits.devicesPerNode else {
            nodeIsUnsure = true
            return
        }
        unsureDevices.insert(device)
    }

    /// `tck-id-payloads-sequence-num-incrementing`.
    private mutating func countSeq(_ payload: Payload) {
        guard let seq = payload.seq.flatMap({ UInt8(exactly: $0) }) else {
            faults.add(.sequenceMissing)
            return
        }
        if let nextSeq, seq != nextSeq {
            faults.add(.sequenceHole)
            nodeIsUnsure = true
        }
        nextSeq = seq &+ 1
    }

    private mutating func checkRebirthMetric(_ payload: Payload) {
        let metric = payload.metric(named: MetricName.rebirth)
        if metric?.alias != nil || metric?.datatype != Datatype.boolean.rawValue { faults.add(.rebirthMetric) }
    }
}
