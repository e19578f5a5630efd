import Sparkplug
import TestKit
import Testing

/// What a message costs is bounded by its bytes, whatever its shape: each shape is measured at two sizes, one sixteen times the other.
@Suite("P8 the cost of Sparkplug messages", .serialized) struct CostTests {
    /// A birth, and what is said after it; both of about so many bytes.
    struct Shape: Sendable, CustomTestStringConvertible {
        let name: String
        let birth: @Sendable (Int) -> TestPayload
        let data: @Sendable (Int) -> [TestPayload]

        var testDescription: String { name }
    }

    /// Fields that repeat until there are enough bytes.
    private static func filled(_ bytes: Int, _ make: (Int) -> [UInt8]) -> [UInt8] {
        var all: [UInt8] = []
        var number = 0
        while all.count < bytes {
            all += make(number)
            number += 1
        }
        return all
    }

    private static func metrics(_ bytes: Int, _ make: (Int) -> TestMetric) -> [TestMetric] {
        let size = make(0).bytes.count + 2
        return (0..<max(1, bytes / size)).map(make)
    }

    private static func birth(_ metric: TestMetric) -> TestPayload {
        TestPayload(seq: 0, [.bdSeq(0), .rebirth, metric])
    }

    /// A metric that is set by alias 1.
    private static func large(properties: [UInt8] = [], _ value: TestMetric.Value) -> TestMetric {
        var metric = TestMetric.birth("large", alias: 1, 1)
        metric.value = value
        metric.properties = properties
        return metric
    }

    private static func key(_ number: Int) -> [UInt8] { Array("key \(number)".utf8) }

    private static func propertySet(_ keys: [[UInt8]]) -> [UInt8] {
        let values = Proto.message(2, Proto.varint(1, 3) + Proto.varint(3, 1))
        return Proto.message(9, keys.flatMap { Proto.message(1, $0) } + keys.flatMap { _ in values })
    }

    private static func template(_ members: [TestMetric]) -> [UInt8] {
        Proto.message(18, members.flatMap { Proto.message(2, $0.bytes) } + Proto.varint(5, 0))
    }

    private static func setting(_ value: TestMetric.Value, properties: [UInt8] = []) -> TestMetric {
        var metric = TestMetric.data(alias: 1, 0)
        metric.value = value
        metric.properties = properties
        return metric
    }

    private static func one(_ bytes: Int, _ make: (Int) -> TestMetric) -> [TestPayload] {
        [TestPayload(seq: 1, metrics(bytes, make))]
    }

    private static let small = birth(large(.long(1)))
    private static let manyKeys = { @Sendable (bytes: Int) in
        birth(large(properties: propertySet((0..<bytes / 18).map(key)), .long(1)))
    }
    private static let manyMembers = { @Sendable (bytes: Int) in
        birth(large(.raw(template(metrics(bytes) { TestMetric.birth("member \($0)", 1) }))))
    }

    static let shapes = [
        Shape(name: "a property set, set key by key", birth: manyKeys) { bytes in
            one(bytes) { setting(.bool(true), properties: propertySet([key($0)])) }
        },
        Shape(name: "a property set, and one metric with many of them", birth: manyKeys) { bytes in
            [TestPayload(seq: 1, [setting(.bool(true), properties: filled(bytes) { propertySet([key($0)]) })])]
        },
        Shape(name: "a template, set member by member", birth: manyMembers) { bytes in
            one(bytes) { setting(.raw(template([TestMetric.data("member \($0)", 2)]))) }
        },
        Shape(name: "a template, and one metric with many of them", birth: manyMembers) { bytes in
            [TestPayload(seq: 1, [setting(.raw(filled(bytes) { template([TestMetric.data("member \($0)", 2)]) }))])]
        },
        Shape(name: "a long text, set by one bit", birth: { birth(large(.string(String(repeating: "x", count: $0)))) })
        {
            one($0) { _ in setting(.bool(true)) }
        },
        Shape(
            name: "unknown fields, and a message for each bit",
            birth: { bytes in
                var metric = large(.long(1))
                metric.extra = filled(bytes) { Proto.varint(UInt64(100 + $0 % 4_000), 1) }
                return birth(metric)
            }
        ) { bytes in
            (0..<bytes / 24).map { TestPayload(seq: UInt64(($0 + 1) % 256), [setting(.bool(true))]) }
        },
        Shape(name: "names that no birth had", birth: { _ in small }) { bytes in
            one(bytes) { number in
                var metric = TestMetric.data("m\(number)", 1)
                metric.datatype = 8
                return metric
            }
        },
        Shape(
            name: "a birth of one name",
            birth: { bytes in TestPayload(seq: 0, metrics(bytes) { _ in .birth("a", 1) }) },
            data: { _ in [] }),
        Shape(
            name: "a birth of one alias",
            birth: { bytes in TestPayload(seq: 0, metrics(bytes) { .birth("m\($0)", alias: 1, 1) }) },
            data: { bytes in one(bytes) { _ in setting(.long(2)) } }),
        Shape(name: "empty metrics", birth: { _ in small }) { bytes in
            var payload = TestPayload(seq: 1, [])
            payload.extra = filled(bytes) { _ in [0x12, 0] }
            return [payload]
        },
        Shape(name: "groups", birth: { _ in small }) { bytes in
            var payload = TestPayload(seq: 1, [])
            payload.extra = filled(bytes) { _ in
                [UInt8](repeating: 0x7B, count: 20) + [UInt8](repeating: 0x7C, count: 20)
            }
            return [payload]
        },
    ]

    /// How long the shortest of three runs takes.
    private func measure(_ run: () -> Void) -> Duration {
        (0..<3).map { _ in ContinuousClock().measure(run) }.min() ?? .zero
    }

    private func fold(_ birth: [UInt8], _ data: [[UInt8]]) -> Int {
        var fold = StateFold()
        let (birthTopic, dataTopic) = (Array("spBv1.0/G/NBIRTH/N".utf8), Array("spBv1.0/G/NDATA/N".utf8))
        _ = fold.fold(topic: birthTopic.span.bytes, payload: birth.span.bytes)
        for payload in data { _ = fold.fold(topic: dataTopic.span.bytes, payload: payload.span.bytes) }
        return fold.takeState(of: birthTopic.span.bytes)?.count ?? 0
    }

    private func proxy(_ birth: [UInt8], _ data: [[UInt8]]) -> Int {
        var proxy = EdgeNodeProxy(EdgeNodeProxy.Settings())
        let (birthTopic, dataTopic) = (Array("spBv1.0/G/NBIRTH/N".utf8), Array("spBv1.0/G/NDATA/N".utf8))
        let now = Moment(sinceStart: .seconds(1), unixMilliseconds: 1)
        var published = 0
        for (number, payload) in ([birth] + data).enumerated() {
            let topic = number == 0 ? birthTopic : dataTopic
            proxy.record(
                topic: topic.span.bytes, payload: payload.span.bytes,
                order: RecordOrder(epoch: 1, sequence: UInt64(number + 1)), sourceTime: 1, token: UInt64(number + 1),
                now: now)
            for action in proxy.takeActions() {
                if case .connect(let id, _) = action { proxy.connected(id, now: now) }
            }
            for case .publish in proxy.takeActions() { published += 1 }
        }
        return published
    }

    @Test("on the sender's side it is linear in the bytes", arguments: shapes)
    func sender(_ shape: Shape) { expectLinear(shape, fold) }

    @Test("on the receiver's side it is linear in the bytes", arguments: shapes)
    func receiver(_ shape: Shape) { expectLinear(shape, proxy) }

    /// Sixteen times the bytes cost sixteen times as much, and perhaps a little more; of a square it would be 256.
    private func expectLinear(_ shape: Shape, _ run: ([UInt8], [[UInt8]]) -> Int) {
        let times = [8 << 10, 128 << 10].map { bytes in
            let (birth, data) = (shape.birth(bytes).bytes, shape.data(bytes).map(\.bytes))
            return measure { _ = run(birth, data) }
        }
        #expect(times[1] < times[0] * 50 + .milliseconds(50), "\(times)")
    }

    @Test("merging step by step and at once gives the same bytes", arguments: 1...20 as ClosedRange<UInt64>)
    func merging(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        func parts() -> (TestMetric.Value, [UInt8]) {
            let keys = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                Self.key(.random(in: 0...5, using: &random))
            }
            let members = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                TestMetric.birth("m\(Int.random(in: 0...4, using: &random))", .random(in: 0...9, using: &random))
            }
            let value: TestMetric.Value =
                Bool.random(using: &random) ? .raw(Self.template(members)) : .long(.random(in: 0...9, using: &random))
            return (value, keys.isEmpty ? [] : Self.propertySet(keys))
        }
        let (value, properties) = parts()
        let birth = Self.birth(Self.large(properties: properties, value))
        let data = (1...12).map { number in
            let (value, properties) = parts()
            return TestPayload(seq: UInt64(number), [Self.setting(value, properties: properties)])
        }
        func state(takingEach: Bool) -> [UInt8]? {
            var fold = StateFold()
            let (birthTopic, dataTopic) = (Array("spBv1.0/G/NBIRTH/N".utf8), Array("spBv1.0/G/NDATA/N".utf8))
            let bytes = birth.bytes
            _ = fold.fold(topic: birthTopic.span.bytes, payload: bytes.span.bytes)
            for payload in data {
                let bytes = payload.bytes
                _ = fold.fold(topic: dataTopic.span.bytes, payload: bytes.span.bytes)
                if takingEach { _ = fold.takeState(of: birthTopic.span.bytes) }
            }
            return fold.takeState(of: birthTopic.span.bytes)
        }
        #expect(state(takingEach: true) == state(takingEach: false))
    }
}
