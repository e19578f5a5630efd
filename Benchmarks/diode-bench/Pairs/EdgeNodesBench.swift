import Foundation
import TestKit

/// A whole plant of Sparkplug: 300 edge nodes × 10 devices × 20 metrics. How long until hosts on the IT broker know all of it from nothing (each node
/// is a connection and a thread of the receiver), and until they know it again after asking every node for a rebirth at once.
func benchEdgeNodes() async throws -> [BenchRow] {
    let plant = EdgePlant(nodes: 300, devices: 10, metrics: 20)
    let ot = try await Broker.start(lines: ["max_queued_messages 0", "max_queued_bytes 0"])
    let it = try await Broker.start(lines: ["max_queued_messages 0", "max_queued_bytes 0"])
    let pair = try await DiodePair(ot: ot, it: it)
    try await pair.start()
    var host = try EdgePlantHost.subscribed(port: it.port)
    let publisher = try BrokerStream(port: ot.port, client: "bench-plant")
    let coldStart = try await seconds {
        try publisher.write(plant.births[...])
        try host.awaitBirths(plant.births(of: 1), "cold start")
    }
    let receiver = pair.receiver?.processID ?? 0
    let rows = [
        BenchRow("cold start: births of all", coldStart, "s"),
        BenchRow("threads of the receiver", procStatus(receiver, "Threads:"), ""),
        BenchRow("resident memory of the receiver", procStatus(receiver, "VmRSS:") / 1_024, "MiB"),
    ]
    let storm = try await seconds {
        try host.ask(plant.requests)
        try host.awaitBirths(plant.births(of: 1), "a storm of requests")
    }
    try await pair.stop()
    return rows + [BenchRow("rebirth storm: births of all", storm, "s")]
}

private func seconds(_ body: () throws -> Void) async throws -> Double {
    let clock = ContinuousClock()
    let start = clock.now
    try body()
    return (clock.now - start) / .seconds(1)
}

/// A number of `/proc/PID/status`; 0 where there is none.
private func procStatus(_ process: pid_t, _ key: String) -> Double {
    let text = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix(key) }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) } ?? 0
}

/// What the nodes say, as MQTT 3.1.1 packets.
private struct EdgePlant {
    let nodes: Int
    let devices: Int
    let metrics: Int

    func births(of rounds: Int) -> Int { rounds * nodes * (devices + 1) }

    /// NBIRTH of each node, and the DBIRTHs behind it.
    var births: [UInt8] {
        var packets: [UInt8] = []
        for node in 0..<nodes {
            let group = "line-\(node % 10)"
            packets += Self.publish(
                "spBv1.0/\(group)/NBIRTH/node-\(node)",
                Self.payload(seq: 0, [Self.metric("bdSeq", datatype: 4, long: 0), Self.rebirth(false)]))
            for device in 0..<devices {
                let values = (0..<metrics).map { Self.metric("value/\($0)", datatype: 4, long: UInt64($0 + 1)) }
                packets += Self.publish(
                    "spBv1.0/\(group)/DBIRTH/node-\(node)/device-\(device)",
                    Self.payload(seq: UInt64(device + 1), values))
            }
        }
        return packets
    }

    /// What asks each node for its births.
    var requests: [UInt8] {
        (0..<nodes).flatMap { node in
            Self.publish("spBv1.0/line-\(node % 10)/NCMD/node-\(node)", Self.payload(seq: nil, [Self.rebirth(true)]))
        }
    }

    private static let time: UInt64 = 1_763_716_000_000

    private static func payload(seq: UInt64?, _ metrics: [[UInt8]]) -> [UInt8] {
        let fields = [0x08] + varint(time) + metrics.flatMap { [0x12] + varint(UInt64($0.count)) + $0 }
        return fields + (seq.map { [0x18] + varint($0) } ?? [])
    }

    private static func metric(_ name: String, datatype: UInt8, long: UInt64) -> [UInt8] {
        head(name, datatype) + [0x58] + varint(long)
    }

    /// Node Control/Rebirth, a boolean.
    private static func rebirth(_ value: Bool) -> [UInt8] { head("Node Control/Rebirth", 11) + [0x70, value ? 1 : 0] }

    private static func head(_ name: String, _ datatype: UInt8) -> [UInt8] {
        [0x0A, UInt8(name.utf8.count)] + Array(name.utf8) + [0x18] + varint(time) + [0x20, datatype]
    }

    private static func publish(_ topic: String, _ payload: [UInt8]) -> [UInt8] {
        [0x30] + varint(UInt64(2 + topic.utf8.count + payload.count)) + [0, UInt8(topic.utf8.count)]
            + Array(topic.utf8) + payload
    }

    /// Protobuf and MQTT write lengths alike.
    private static func varint(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}

/// A host that counts births.
private struct EdgePlantHost: ~Copyable {
    private let stream: BrokerStream
    private var input: [UInt8] = []

    private init(_ stream: consuming BrokerStream) { self.stream = stream }

    static func subscribed(port: UInt16) throws -> EdgePlantHost {
        let stream = try BrokerStream(port: port, client: "bench-host")
        try stream.subscribe("spBv1.0/+/+/#", qos: 0)
        return EdgePlantHost(stream)
    }

    func ask(_ requests: [UInt8]) throws { try stream.write(requests[...]) }

    /// Waits for the last byte of so many births of different nodes and devices.
    mutating func awaitBirths(_ count: Int, _ what: String) throws {
        var born: Set<ArraySlice<UInt8>> = []
        for _ in 0..<120_000 where born.count < count {
            stream.waitReadable(milliseconds: 1)
            try stream.read(into: &input)
            var start = 0
            while let (body, end) = LoadConsumer.packet(in: input, at: start) {
                let topic = input[body + 2..<min(body + 2 + Int(input.bigEndian(at: body, bytes: 2)), end)]
                let type = topic.split(separator: UInt8(ascii: "/")).dropFirst(2).first ?? []
                if type.elementsEqual("NBIRTH".utf8) || type.elementsEqual("DBIRTH".utf8) {
                    born.insert(ArraySlice(Array(topic)))
                }
                start = end
            }
            input.removeFirst(start)
        }
        guard born.count == count else { throw WrongResult(name: "\(what): \(born.count) of \(count) births") }
    }
}
