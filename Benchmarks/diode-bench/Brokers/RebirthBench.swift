import TestKit

/// How long a host waits for the births of an edge node with 1,000 metrics, from its request to the last byte: on the IT broker, where the
/// receiver answers, and on the OT broker, where the node itself does (a client in Python).
func benchRebirth() async throws -> [BenchRow] {
    let ot = try await Broker.start()
    let it = try await Broker.start()
    let pair = try await DiodePair(ot: ot, it: it)
    try await pair.start()
    // Seven of another kind besides; silent after its first data.
    let node = try await PythonClient.richNode(on: ot, count: 1, options: ["--stay", "--metrics", "993"])
    var behind = try RebirthHost.subscribed(port: it.port)
    var beside = try RebirthHost.subscribed(port: ot.port)
    guard await eventually(.seconds(30), { ((try? behind.rebirth()) ?? 0) == 993 }) else {
        throw WrongResult(name: "no birth of 1,000 metrics on the IT broker")
    }
    var ours: [Double] = []
    var theirs: [Double] = []
    for _ in 0..<15 {
        // A node is born at most once a second on request, and each birth of the plant is one on the IT side.
        try await Task.sleep(for: .milliseconds(1_200))
        ours.append(try Timing.seconds { try behind.requireRebirth() })
        try await Task.sleep(for: .milliseconds(1_200))
        theirs.append(try Timing.seconds { try beside.requireRebirth() })
    }
    try await node.stop()
    try await pair.stop()
    let medians = [ours, theirs].map { $0.sorted()[$0.count / 2] * 1_000 }
    return [
        BenchRow(
            "births of 1,000 metrics", medians[0], "ms", peer: (name: "the edge node itself", value: medians[1]))
    ]
}

/// A host that asks one edge node for its births and waits for the last byte of them.
private struct RebirthHost: ~Copyable {
    private let stream: BrokerStream
    private var input: [UInt8] = []
    private let request: [UInt8]

    private init(_ stream: consuming BrokerStream, request: [UInt8]) {
        self.stream = stream
        self.request = request
    }

    static func subscribed(port: UInt16) throws -> RebirthHost {
        let stream = try BrokerStream(port: port, client: "bench-host-\(port)")
        try stream.subscribe("spBv1.0/plant/+/rich/#", qos: 0)
        // Node Control/Rebirth, a boolean, true; fields 1, 4 and 14 of a metric, which is field 2 of the payload.
        let name = Array("Node Control/Rebirth".utf8)
        let metric = [0x0A, UInt8(name.count)] + name + [0x20, 11, 0x70, 1]
        let topic = Array("spBv1.0/plant/NCMD/rich".utf8)
        let body = [0, UInt8(topic.count)] + topic + [0x12, UInt8(metric.count)] + metric
        return RebirthHost(stream, request: [0x30, UInt8(body.count)] + body)
    }

    /// Asks, and waits for the births that answer.
    /// - Returns: how many metrics of the many they had.
    mutating func rebirth() throws -> Int {
        // What came before is not the answer.
        try stream.read(into: &input)
        input = []
        try stream.write(request[...])
        for _ in 0..<5_000 {
            stream.waitReadable(milliseconds: 1)
            try stream.read(into: &input)
            if let metrics = takeBirths() { return metrics }
        }
        return 0
    }

    mutating func requireRebirth() throws {
        guard try rebirth() == 993 else { throw WrongResult(name: "a birth without all metrics") }
    }

    /// The metrics of the device's birth once it is all there. The node's stands before it.
    private mutating func takeBirths() -> Int? {
        var start = 0
        var isNodeBorn = false
        while let (body, end) = LoadConsumer.packet(in: input, at: start) {
            let topic = input[min(body + 2, end)..<min(body + 2 + Int(input.bigEndian(at: body, bytes: 2)), end)]
            if topic.elementsEqual("spBv1.0/plant/NBIRTH/rich".utf8) { isNodeBorn = true }
            if isNodeBorn, topic.elementsEqual("spBv1.0/plant/DBIRTH/rich/cell".utf8) {
                let mark = Array("many/".utf8)
                return (topic.endIndex..<end - mark.count).count { input[$0..<$0 + mark.count].elementsEqual(mark) }
            }
            start = end
        }
        return nil
    }
}
