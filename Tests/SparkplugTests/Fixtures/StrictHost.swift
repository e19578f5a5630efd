import Sparkplug
import Testing

/// A host application that holds edge nodes to the letter of Sparkplug 3.0.0: what it complains of, no edge node may do. It also plays the broker:
/// connections, wills.
struct StrictHost {
    struct Value: Equatable {
        var datatype: UInt64?
        var bytes: [UInt8]
        var isNull: Bool
        var timestamp: UInt64?
    }

    struct Table {
        var values: [String: Value] = [:]
        var aliases: [UInt64: String] = [:]
        var aliased: Set<String> = []
    }

    struct Node {
        var bdSeq: UInt64?
        var isConnected = false
        var isOnline = false
        var seq: UInt64 = 0
        /// By device; "" is the node itself. Devices that are offline have none.
        var tables: [String: Table] = [:]
        var births = 0
    }

    private(set) var nodes: [EdgeNodeID: Node] = [:]
    private(set) var complaints: [String] = []
    /// Historical values, as "device/name=long".
    private(set) var history: [String] = []
    /// Tokens as they were answered.
    private(set) var answered: [UInt64] = []
    /// Of these, the ones that counted as folded, and those that nobody was told of.
    private(set) var folded: [UInt64] = []
    private(set) var givenUp: [UInt64] = []
    /// Of `folded`, those of nodes that were not online: all that hosts may know of them is that they are dead.
    private(set) var foldedUnborn: [UInt64] = []

    /// - Returns: the nodes whose connection the broker has to open or to close.
    mutating func take(_ actions: [EdgeNodeProxy.Action]) -> [EdgeNodeID] {
        var changed: [EdgeNodeID] = []
        for action in actions {
            switch action {
            case .connect(let id, let will):
                connect(id, will)
                changed.append(id)
            case .publish(let id, let message, let token):
                publish(id, message)
                if let token { answered.append(token) }
            case .disconnect(let id):
                if nodes[id]?.isOnline ?? false { complain(id, "says goodbye without NDEATH") }
                nodes[id]?.isConnected = false
                changed.append(id)
            case .forget(let id):
                if nodes[id]?.isConnected ?? false { complain(id, "is forgotten while it is connected") }
            case .answer(let id, let token):
                answered.append(token)
                folded.append(token)
                if nodes[id]?.isOnline != true { foldedUnborn.append(token) }
            case .refuse(let token): answered.append(token)
            case .giveUp(let token):
                answered.append(token)
                givenUp.append(token)
            }
        }
        return changed
    }

    /// The broker lost the connection: it publishes the will.
    mutating func drop(_ id: EdgeNodeID) {
        nodes[id]?.isConnected = false
        die(id)
    }

    private mutating func complain(_ id: EdgeNodeID, _ text: String) { complaints.append("\(id) \(text)") }

    private mutating func connect(_ id: EdgeNodeID, _ will: EdgeNodeProxy.Message) {
        var node = nodes[id] ?? Node()
        if node.isConnected { complain(id, "connects twice") }
        guard will.qos == 1, text(will.topic) == topic(id, "NDEATH"), let death = ReadPayload(will.payload) else {
            return complain(id, "has no will")
        }
        let number = sessionNumber(id, death)
        if let former = node.bdSeq, number != (former + 1) % 256 { complain(id, "bdSeq does not follow") }
        if node.bdSeq == nil, number != 0 { complain(id, "bdSeq does not begin at 0") }
        if death.seq != nil || death.metrics.count != 1 { complain(id, "NDEATH says more than bdSeq") }
        node.bdSeq = number
        node.isConnected = true
        nodes[id] = node
    }

    private mutating func publish(_ id: EdgeNodeID, _ message: EdgeNodeProxy.Message) {
        let levels = text(message.topic).split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard nodes[id]?.isConnected ?? false else { return complain(id, "publishes without a connection") }
        guard let payload = ReadPayload(message.payload) else { return complain(id, "sends no payload") }
        let type = levels[2]
        if message.qos != (type == "NDEATH" ? 1 : 0) { complain(id, "\(type) has QoS \(message.qos)") }
        if payload.timestamp == nil { complain(id, "\(type) has no timestamp") }
        let device = levels.count > 4 ? levels[4] : ""
        switch type {
        case "NBIRTH": nodeBirth(id, payload)
        case "DBIRTH": deviceBirth(id, device, payload)
        case "NDATA", "DDATA": data(id, device, payload, type)
        case "DDEATH":
            count(id, payload, type)
            if nodes[id]?.tables.removeValue(forKey: device) == nil { complain(id, "DDEATH of \(device), not born") }
        case "NDEATH":
            if payload.seq != nil { complain(id, "NDEATH has a seq") }
            if sessionNumber(id, payload) != nodes[id]?.bdSeq { complain(id, "NDEATH of another session") }
            if nodes[id]?.isOnline != true { complain(id, "NDEATH without birth") }
            die(id)
        default: complain(id, "publishes \(type)")
        }
    }

    private mutating func die(_ id: EdgeNodeID) {
        nodes[id]?.isOnline = false
        nodes[id]?.tables = [:]
    }

    private mutating func nodeBirth(_ id: EdgeNodeID, _ payload: ReadPayload) {
        if payload.seq != 0 { complain(id, "NBIRTH has seq \(String(describing: payload.seq))") }
        if sessionNumber(id, payload) != nodes[id]?.bdSeq { complain(id, "NBIRTH of another session") }
        let rebirth = payload["Node Control/Rebirth"]
        if rebirth?.datatype != 11 || rebirth?.bool != false || rebirth?.alias != nil {
            complain(id, "NBIRTH has no proper Node Control/Rebirth")
        }
        nodes[id]?.tables = [:]
        nodes[id]?.isOnline = true
        nodes[id]?.seq = 1
        nodes[id]?.births += 1
        table(id, "", payload)
    }

    private mutating func deviceBirth(_ id: EdgeNodeID, _ device: String, _ payload: ReadPayload) {
        count(id, payload, "DBIRTH")
        table(id, device, payload)
    }

    private mutating func table(_ id: EdgeNodeID, _ device: String, _ payload: ReadPayload) {
        nodes[id]?.tables[device] = nil
        var table = Table()
        var taken = Set(nodes[id]?.tables.values.flatMap(\.aliases.keys) ?? [])
        let times = payload.metrics.compactMap(\.timestamp)
        if times != times.sorted() { complain(id, "birth with metrics out of the order of their times") }
        for metric in payload.metrics {
            if metric.name.isEmpty { complain(id, "birth with a metric without name") }
            if metric.datatype == nil { complain(id, "birth with \(metric.name) without datatype") }
            if metric.timestamp == nil { complain(id, "birth with \(metric.name) without timestamp") }
            if table.values[metric.name] != nil { complain(id, "birth with two \(metric.name)") }
            table.values[metric.name] = Value(
                datatype: metric.datatype, bytes: metric.value, isNull: metric.isNull, timestamp: metric.timestamp)
            guard let alias = metric.alias else { continue }
            if !taken.insert(alias).inserted { complain(id, "alias \(alias) twice") }
            table.aliases[alias] = metric.name
            table.aliased.insert(metric.name)
        }
        nodes[id]?.tables[device] = table
    }

    private mutating func data(_ id: EdgeNodeID, _ device: String, _ payload: ReadPayload, _ type: String) {
        count(id, payload, type)
        guard var table = nodes[id]?.tables[device] else {
            return complain(id, "\(type) of \(device) before its birth")
        }
        for metric in payload.metrics {
            if metric.timestamp == nil { complain(id, "\(type) with a metric without timestamp") }
            var name = metric.name
            if let alias = metric.alias {
                if !name.isEmpty { complain(id, "\(type) with name and alias") }
                guard let known = table.aliases[alias] else {
                    complain(id, "\(type) with unknown alias \(alias)")
                    continue
                }
                name = known
            } else if table.aliased.contains(name) {
                complain(id, "\(type) names \(name), which has an alias")
            }
            guard let known = table.values[name] else {
                complain(id, "\(type) with unknown metric \(name)")
                continue
            }
            if metric.isHistorical {
                history.append("\(device)/\(name)=\(metric.long.map(String.init) ?? "")")
            } else {
                table.values[name] = Value(
                    datatype: known.datatype, bytes: metric.value, isNull: metric.isNull, timestamp: metric.timestamp)
            }
        }
        nodes[id]?.tables[device] = table
    }

    private mutating func count(_ id: EdgeNodeID, _ payload: ReadPayload, _ type: String) {
        if nodes[id]?.isOnline != true { complain(id, "\(type) before NBIRTH") }
        if payload.seq != nodes[id]?.seq { complain(id, "\(type) has seq \(String(describing: payload.seq))") }
        nodes[id]?.seq = ((payload.seq ?? 0) + 1) % 256
    }

    private mutating func sessionNumber(_ id: EdgeNodeID, _ payload: ReadPayload) -> UInt64? {
        let metric = payload["bdSeq"]
        if metric?.datatype != 4 || metric?.long.map({ $0 <= 255 }) != true || metric?.alias != nil {
            complain(id, "has no proper bdSeq")
        }
        return metric?.long
    }

    private func topic(_ id: EdgeNodeID, _ type: String) -> String {
        "\(id.namespace)/\(text(id.group))/\(type)/\(text(id.node))"
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
