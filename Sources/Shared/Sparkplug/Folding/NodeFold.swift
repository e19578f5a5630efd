/// The sender's fold of one edge node: its table, those of its devices that live, whether they are sure, and whether it lives.
struct NodeFold: Sendable {
    let id: EdgeNodeID
    private(set) var table: MetricTable?
    private(set) var devices: [[UInt8]: MetricTable] = [:]
    private(set) var faults = FaultCounts()
    var throttle: RequestThrottle
    private(set) var life = NodeLife()
    /// What all tables cost.
    private(set) var bytes = 0
    /// Metrics of all tables.
    private(set) var metrics = 0
    /// Whose state has changed since it was last taken: devices, and nil for the node itself.
    var changed: Set<[UInt8]?> = []
    /// Whether what has changed must be told without delay.
    var isUrgent = false
    /// Devices, and nil for the node itself, of which something is beyond a limit; the first `listedLimits` of them.
    private(set) var limited: Set<[UInt8]?> = []
    /// Those of them that nobody was told of yet.
    private var untoldLimits: [[UInt8]?] = []

    private static let listedLimits = 64

    /// What is true of a node and is kept of all nodes, too.
    struct Marks: OptionSet {
        let rawValue: UInt8

        static let incomplete = Marks(rawValue: 1)
        static let asked = Marks(rawValue: 2)
        static let urgent = Marks(rawValue: 4)
        static let forgettable = Marks(rawValue: 8)
        static let limited = Marks(rawValue: 16)
    }

    /// The marks under which the node is kept.
    var keptMarks: Marks = []

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
    var isAlive: Bool { table != nil && !life.isPresumedDead }
    /// It may live, and nothing is known of it.
    var isUnborn: Bool { isIncomplete && table == nil && devices.isEmpty }
    var marks: Marks {
        var marks: Marks = []
        if isIncomplete { marks.insert(.incomplete) }
        if life.isAsked { marks.insert(.asked) }
        if isUrgent { marks.insert(.urgent) }
        if isForgettable { marks.insert(.forgettable) }
        if !limited.isEmpty { marks.insert(.limited) }
        return marks
    }
    /// Nothing of it is alive, and its death has been told.
    var isForgettable: Bool {
        (table == nil && devices.isEmpty || life.isPresumedDead) && changed.isEmpty && limited.isEmpty
    }

    /// - Parameters:
    ///   - device: nil for a message of the node itself.
    ///   - limits: with the bytes that are left for this node.
    /// - Returns: nil, or the fault that kept anything from being folded.
    mutating func fold(
        _ type: SparkplugTopic.MessageType, device: [UInt8]?, payload: [UInt8], limits: SparkplugLimits
    ) -> SparkplugFault? {
        do throws(SparkplugFault) {
            let payload = try Payload(payload, as: type)
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
            if error == .overLimit { exceed(device) }
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
        metrics += table.metrics.count
        nodeIsUnsure = true
    }

    /// The folded birth; nil if node or device is dead.
    mutating func state(of device: [UInt8]?) -> [UInt8]? {
        guard !life.isPresumedDead else { return nil }
        let before = (device.map { devices[$0] } ?? table)?.bytes ?? 0
        let state = if let device { devices[device]?.encoded() } else { table?.encoded() }
        bytes += ((device.map { devices[$0] } ?? table)?.bytes ?? 0) - before
        return state
    }

    // MARK: Whether it lives

    /// Something was missed: the node may have died, or said anything else.
    mutating func doubt(throttle: RequestThrottle) {
        guard table != nil || !devices.isEmpty else { return }
        life.doubt()
        nodeIsUnsure = true
        self.throttle = throttle
    }

    /// The node was asked for a birth.
    mutating func asked(now: Duration) { life.asked(now: now) }

    /// It was heard while there was no place for it: nothing is known but that it may live.
    mutating func awaitBirth() {
        life.doubt()
        nodeIsUnsure = true
    }

    /// Counts the node as dead, until it is heard again. What is known of it is kept for then.
    /// - Returns: false if it is dead anyway, or nothing is known of it that could be told.
    mutating func presumeDead() -> Bool {
        guard table != nil || !devices.isEmpty else {
            settleUnborn()
            return false
        }
        guard !life.isPresumedDead else { return false }
        life.presumeDead()
        faults.add(.presumedDead)
        changeAll()
        return true
    }

    /// Nothing was known of it, and it does not live any more.
    private mutating func settleUnborn() {
        life.settle()
        nodeIsUnsure = false
        unsureDevices = []
        limited = []
    }

    /// The node has said something: what was presumed of it is over.
    private mutating func hear() {
        let wasPresumedDead = life.isPresumedDead
        life.hear()
        if wasPresumedDead { changeAll() }
    }

    /// All of it has to be told anew, at once.
    private mutating func changeAll() {
        if table != nil { changed.insert(nil) }
        changed.formUnion(devices.keys.map { $0 })
        isUrgent = true
    }

    // MARK: Births

    private mutating func nodeBirth(_ payload: Payload, _ limits: SparkplugLimits) throws(SparkplugFault) {
        let wasPresumedDead = life.isPresumedDead
        life.hear()
        let table: MetricTable
        do throws(SparkplugFault) {
            table = try load(payload, limits, replacing: bytes)
        } catch {
            // What was known of the node is not true any more, and what is true cannot be told: it is not there.
            kill()
            throw error
        }
        kill()
        if payload.seq.map({ $0 != 0 }) ?? false { faults.add(.birthSequence) }
        countSeq(payload)
        bdSeq = payload.bdSeq
        if !payload.hasProperBdSeq { faults.add(.bdSeqMissing) }
        checkRebirthMetric(payload)
        self.table = table
        bytes = table.bytes
        metrics = table.metrics.count
        nodeIsUnsure = false
        unsureDevices = []
        limited = []
        changed.insert(nil)
        if wasPresumedDead { isUrgent = true }
    }

    private mutating func deviceBirth(
        _ payload: Payload, of device: [UInt8], _ limits: SparkplugLimits
    ) throws(SparkplugFault) {
        hear()
        guard devices[device] != nil || devices.count < limits.devicesPerNode,
            changed.count <= 4 * limits.devicesPerNode
        else { throw .overLimit }
        let former = devices[device]
        let table: MetricTable
        do throws(SparkplugFault) {
            table = try load(payload, limits, replacing: former?.bytes ?? 0)
        } catch {
            remove(device)
            throw error
        }
        remove(device)
        countSeq(payload)
        devices[device] = table
        bytes += table.bytes
        metrics += table.metrics.count
        unsureDevices.remove(device)
        limited.remove(device)
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
        var table = MetricTable(birth: payload, order: .zero, faults: &faults)
        guard bytes - replaced + table.bytes <= limits.bytes,
            table.encodedBytes <= limits.birthBytes || table.encoded().count <= limits.birthBytes
        else { throw .overLimit }
        return table
    }

    private mutating func exceed(_ device: [UInt8]?) {
        guard limited.count < Self.listedLimits, limited.insert(device).inserted else { return }
        untoldLimits.append(device)
    }

    /// Moves out what is beyond a limit since this was last called.
    mutating func takeUntoldLimits() -> [[UInt8]?] {
        defer { untoldLimits = [] }
        return untoldLimits
    }

    // MARK: Deaths

    private mutating func nodeDeath(_ payload: Payload) throws(SparkplugFault) {
        guard table != nil || !devices.isEmpty else {
            settleUnborn()
            throw .withoutBirth
        }
        let death = payload.bdSeq
        if death == nil || !payload.hasProperBdSeq { faults.add(.bdSeqMissing) }
        if let bdSeq, death != bdSeq {
            if death != nil { faults.add(.bdSeqMismatch) }
            guard let death, SessionNumber.ends(death, bdSeq) else {
                // It ends another session, or names none: a host ignores it. But something has died, so the node is asked.
                life.doubt()
                nodeIsUnsure = true
                return
            }
        }
        kill()
        nodeIsUnsure = false
        unsureDevices = []
        limited = []
    }

    /// Node and devices are dead.
    private mutating func kill() {
        if table != nil { changed.insert(nil) }
        changed.formUnion(devices.keys.map { $0 })
        table = nil
        devices = [:]
        bytes = 0
        metrics = 0
        nextSeq = nil
        life.settle()
    }

    private mutating func deviceDeath(_ payload: Payload, of device: [UInt8]) throws(SparkplugFault) {
        hear()
        countSeq(payload)
        unsureDevices.remove(device)
        limited.remove(device)
        guard remove(device) else { throw .withoutBirth }
    }

    @discardableResult
    private mutating func remove(_ device: [UInt8]) -> Bool {
        guard let table = devices.removeValue(forKey: device) else { return false }
        bytes -= table.bytes
        metrics -= table.metrics.count
        changed.insert(device)
        return true
    }

    // MARK: Data

    private mutating func data(
        _ payload: Payload, of device: [UInt8]?, _ limits: SparkplugLimits
    ) throws(SparkplugFault) {
        hear()
        if table != nil { countSeq(payload) }
        guard var table = device.map({ devices[$0] }) ?? self.table else {
            markUnsure(device, limits)
            throw .withoutBirth
        }
        // Out of its place while it changes, so that it is not copied.
        put(nil, for: device)
        let before = (bytes: table.bytes, metrics: table.metrics.count)
        if payload.timestamp == nil { faults.add(.timestampMissing) }
        for view in payload.metrics where !view.isHistorical {
            let room = min(
                limits.bytes - bytes - (table.bytes - before.bytes), limits.birthBytes - table.encodedBytes)
            switch table.match(view, of: payload, order: .zero) {
            case .metric(let place):
                guard table.metrics[place].name != MetricName.bdSeq else { continue }
                if !table.set(place, to: view, of: payload, order: .zero, room: room) {
                    table.setNull(place, time: view.timestamp ?? payload.timestamp, order: .zero)
                    faults.add(.overLimit)
                    exceed(device)
                }
            case .unknownAlias:
                faults.add(.unknownAlias)
                markUnsure(device, limits)
            case .unknownName:
                faults.add(.unknownMetric)
                let mayGrow = table.metrics.count < limits.metricsPerBirth
                if !mayGrow || !table.adopt(view, of: payload, order: .zero, room: room) { markUnsure(device, limits) }
            }
        }
        bytes += table.bytes - before.bytes
        metrics += table.metrics.count - before.metrics
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
