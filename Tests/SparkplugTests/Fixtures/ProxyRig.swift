import Sparkplug
import Testing

/// A proxy with a strict host and a broker behind it that accepts every connection at once, unless told otherwise.
struct ProxyRig {
    static let node = EdgeNodeID(namespace: "spBv1.0", group: Array("G".utf8), node: Array("N".utf8))

    var proxy: EdgeNodeProxy
    var host = StrictHost()
    var now = Moment(sinceStart: .seconds(100), unixMilliseconds: 1_700_000_100_000)
    /// Connections are left to the test.
    var holdsConnections = false
    private var nextToken: UInt64 = 0

    init(_ change: (inout EdgeNodeProxy.Settings) -> Void = { _ in }) {
        var settings = EdgeNodeProxy.Settings()
        change(&settings)
        proxy = EdgeNodeProxy(settings)
    }

    mutating func wait(_ duration: Duration) {
        now.sinceStart += duration
        while let due = proxy.nextDeadline, due <= now.sinceStart {
            proxy.tick(now: now)
            carryOut()
        }
    }

    @discardableResult
    mutating func record(_ topic: String, _ payload: TestPayload, _ sequence: UInt64) -> UInt64 {
        record("spBv1.0/G/" + topic, payload.bytes, RecordOrder(epoch: 1, sequence: sequence))
    }

    @discardableResult
    mutating func record(_ topic: String, _ payload: [UInt8], _ order: RecordOrder) -> UInt64 {
        nextToken += 1
        proxy.record(
            topic: Array(topic.utf8).span.bytes, payload: payload.span.bytes, order: order,
            sourceTime: 1_700_000_000_000, token: nextToken, now: now)
        carryOut()
        return nextToken
    }

    mutating func state(_ topic: String, _ payload: TestPayload?, _ sequence: UInt64) {
        state("spBv1.0/G/" + topic, payload?.bytes ?? [], RecordOrder(epoch: 1, sequence: sequence))
    }

    mutating func state(_ topic: String, _ payload: [UInt8], _ order: RecordOrder) {
        nextToken += 1
        proxy.state(
            topic: Array(topic.utf8).span.bytes, payload: payload.span.bytes, order: order,
            sourceTime: 1_700_000_000_000, token: nextToken, now: now)
        carryOut()
    }

    mutating func received(_ topic: String, _ payload: [UInt8]) {
        proxy.received(topic: Array(topic.utf8).span.bytes, payload: payload.span.bytes, now: now)
        carryOut()
    }

    /// Asks for a rebirth by name.
    mutating func askForBirth() {
        var metric = TestMetric.rebirth
        metric.value = .bool(true)
        received("spBv1.0/G/NCMD/N", TestPayload([metric]).bytes)
    }

    mutating func silence() {
        proxy.linkSilent(now: now)
        carryOut()
    }

    mutating func speech() {
        proxy.linkSpeaks(now: now)
        carryOut()
    }

    /// The broker cuts a connection.
    mutating func cut(_ node: EdgeNodeID = ProxyRig.node) {
        host.drop(node)
        proxy.lost(node, now: now)
        carryOut()
    }

    /// Tells the proxy what has become of the connection that it wanted opened or closed.
    mutating func settle(_ node: EdgeNodeID = ProxyRig.node) {
        if host.nodes[node]?.isConnected ?? false {
            proxy.connected(node, now: now)
        } else {
            proxy.lost(node, now: now)
        }
        carryOut()
    }

    mutating func carryOut() {
        for node in host.take(proxy.takeActions()) where !holdsConnections { settle(node) }
    }

    func isOnline(_ node: EdgeNodeID = ProxyRig.node) -> Bool { host.nodes[node]?.isOnline ?? false }

    func long(_ name: String, device: String = "") -> UInt64? {
        guard let bytes = host.nodes[Self.node]?.tables[device]?.values[name]?.bytes else { return nil }
        return Proto.fields(bytes)?.first?.varint
    }

    /// A place in the stream behind all that was taken.
    var sequence: UInt64 { nextToken + 1 }

    var births: Int { host.nodes[Self.node]?.births ?? 0 }
}
