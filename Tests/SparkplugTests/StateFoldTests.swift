import Sparkplug
import Testing

private enum Example {
    static let birth = TestPayload(
        seq: 0, [.bdSeq(7), .rebirth, .birth("a", alias: 1, 10), .birth("b", alias: 2, 20)])
    static let deviceBirth = TestPayload(seq: 1, [.birth("x", alias: 3, 30)])

    static let faults: [(String, TestPayload, SparkplugFault)] = [
        ("NBIRTH/N", TestPayload(seq: 5, birth.metrics), .birthSequence),
        ("NBIRTH/N", TestPayload(birth.metrics), .sequenceMissing),
        ("NBIRTH/N", TestPayload(seq: 0, [.rebirth]), .bdSeqMissing),
        ("NBIRTH/N", TestPayload(seq: 0, [.rebirth, .bdSeq(256)]), .bdSeqMissing),
        ("NBIRTH/N", TestPayload(seq: 0, [.bdSeq(1)]), .rebirthMetric),
        ("NBIRTH/N", TestPayload(seq: 0, birth.metrics + [.birth("a", 1)]), .duplicateName),
        ("NBIRTH/N", TestPayload(seq: 0, birth.metrics + [.birth("c", alias: 1, 1)]), .duplicateAlias),
        ("NBIRTH/N", TestPayload(seq: 0, birth.metrics + [.data(alias: 5, 1)]), .namelessMetric),
        ("NBIRTH/N", TestPayload(seq: 0, birth.metrics + [.data("c", 1)]), .datatypeMissing),
        ("DBIRTH/N/E", TestPayload(seq: 2, [.birth("y", 1)], timestamp: nil), .timestampMissing),
        ("NDATA/N", TestPayload(seq: 2, [.data(alias: 77, 1)]), .unknownAlias),
        ("NDATA/N", TestPayload(seq: 2, [.data("c", 1)]), .unknownMetric),
        ("NDATA/N", TestPayload(seq: 4, [.data("a", 1)]), .sequenceHole),
        ("NDATA/N", TestPayload([.data("a", 1)]), .sequenceMissing),
        ("NDATA/M", TestPayload(seq: 2, [.data("a", 1)]), .withoutBirth),
        ("DDATA/N/E", TestPayload(seq: 2, [.data("a", 1)]), .withoutBirth),
        ("DDEATH/N/E", TestPayload(seq: 2, []), .withoutBirth),
        ("NDEATH/N", TestPayload([]), .bdSeqMissing),
        ("NDEATH/N", TestPayload([.bdSeq(8)]), .bdSeqMismatch),
    ]
}

@Suite struct StateFoldTests {
    /// A fold with what people would say of it.
    private struct Rig {
        var fold: StateFold

        init(_ limits: SparkplugLimits = SparkplugLimits()) { fold = StateFold(limits: limits) }

        @discardableResult
        mutating func take(_ topic: String, _ payload: TestPayload) -> StateFold.Outcome {
            take(topic, payload.bytes)
        }

        @discardableResult
        mutating func take(_ topic: String, _ payload: [UInt8], retain: Bool = false) -> StateFold.Outcome {
            fold.fold(
                topic: Array("spBv1.0/G/\(topic)".utf8).span.bytes, payload: payload.span.bytes, retain: retain)
        }

        mutating func state(_ topic: String) -> [UInt8]? {
            fold.takeState(of: Array("spBv1.0/G/\(topic)".utf8).span.bytes)
        }

        mutating func read(_ topic: String) -> ReadPayload? { state(topic).flatMap { ReadPayload($0) } }

        var changed: [String] { fold.changedStates.map { String(decoding: $0.dropFirst(10), as: UTF8.self) } }

        mutating func requests(at seconds: Int) -> [String] {
            fold.rebirthRequests(now: Moment(sinceStart: .seconds(seconds), unixMilliseconds: 1_700_000_000_000))
                .map { String(decoding: $0.topic, as: UTF8.self) }
        }
    }

    private func born() -> Rig {
        var rig = Rig()
        rig.take("NBIRTH/N", Example.birth)
        rig.take("DBIRTH/N/D", Example.deviceBirth)
        return rig
    }

    @Test("a state is changed by births, data and deaths, until it is taken")
    func changes() {
        var rig = born()
        #expect(rig.changed == ["NBIRTH/N", "DBIRTH/N/D"])
        #expect(rig.state("NBIRTH/N") == Example.birth.bytes)
        #expect(rig.changed == ["DBIRTH/N/D"])
        rig.take("NDATA/N", TestPayload(seq: 2, [.data(alias: 1, 11)]))
        #expect(rig.read("NBIRTH/N")?["a"]?.long == 11)
        rig.take("DDEATH/N/D", TestPayload(seq: 3, []))
        #expect(rig.state("DBIRTH/N/D") == [])
        #expect(rig.state("DBIRTH/N/D") == nil)
        #expect(rig.changed == [])
        #expect(rig.fold.report.faults == [:])
    }

    @Test("data sets value and timestamp; name, alias and datatype stay the birth's")
    func data() {
        var rig = born()
        var named = TestMetric.data("a", 11)
        named.datatype = 5
        named.alias = 9
        rig.take("NDATA/N", TestPayload(seq: 2, [named, TestMetric(alias: 2, timestamp: 5, value: .null)]))
        let state = rig.read("NBIRTH/N")
        #expect(state?["a"]?.alias == 1)
        #expect(state?["a"]?.datatype == 8)
        #expect(state?["a"]?.timestamp == 1_700_000_000_001)
        #expect(state?["b"]?.isNull == true)
        #expect(state?["b"]?.value == [])
    }

    @Test("P7 unknown fields survive: those of the birth, and those of data in their place")
    func unknownFields() {
        var rig = Rig()
        var metric = TestMetric.birth("a", alias: 1, 10)
        metric.extra = Proto.message(4711, [1, 2]) + Proto.varint(4712, 1)
        var birth = TestPayload(seq: 0, [.bdSeq(0), .rebirth, metric])
        birth.extra = Proto.message(4, Array("uuid".utf8)) + Proto.varint(99, 5)
        rig.take("NBIRTH/N", birth)
        #expect(rig.state("NBIRTH/N") == birth.bytes)
        var data = TestMetric.data(alias: 1, 11)
        data.extra = Proto.message(4711, [3])
        rig.take("NDATA/N", TestPayload(seq: 1, [data]))
        let state = rig.read("NBIRTH/N")
        #expect(state?["a"]?.others == Proto.message(4711, [3]) + Proto.varint(4712, 1))
        #expect(state?.others == birth.extra)
    }

    @Test("historical values are not folded")
    func historical() {
        var rig = born()
        _ = rig.state("NBIRTH/N")
        var old = TestMetric.data("a", 5)
        old.isHistorical = true
        rig.take("NDATA/N", TestPayload(seq: 2, [old]))
        #expect(rig.changed == ["DBIRTH/N/D"])
    }

    @Test(
        "an NBIRTH is the death of all devices, an NDEATH that of the node as well; one of an earlier session is ignored"
    )
    func deaths() {
        var rig = born()
        rig.take("NBIRTH/N", Example.birth)
        #expect(rig.state("DBIRTH/N/D") == [])
        rig.take("DBIRTH/N/D", Example.deviceBirth)
        rig.take("NDEATH/N", TestPayload([.bdSeq(6)]))
        #expect(rig.state("NBIRTH/N") == Example.birth.bytes)
        rig.take("NDEATH/N", TestPayload([.bdSeq(7)]))
        #expect(rig.state("NBIRTH/N") == [])
        #expect(rig.state("DBIRTH/N/D") == [])
        #expect(rig.fold.report.bytes == 0)
        #expect(rig.fold.report.faults == [.bdSeqMismatch: 1])
    }

    @Test("what a library gets wrong has a name", arguments: Example.faults)
    func namedFaults(_ topic: String, _ payload: TestPayload, _ fault: SparkplugFault) {
        var rig = born()
        rig.take(topic, payload)
        #expect(rig.fold.report.faults[fault] == 1)
        #expect(rig.fold.report.troubled.map(\.id.description).contains { $0.hasPrefix("G/") })
    }

    @Test("P4 payloads that are none, hidden or nested without end are refused and change nothing")
    func refused() {
        var rig = born()
        #expect(rig.take("NBIRTH/N", [0x12, 0x05, 0x00]) == .refused(.damaged))
        #expect(rig.take("NDATA/N", [0x0B]) == .refused(.damaged), "groups")
        #expect(rig.take("NDATA/N", Proto.message(1, [1])) == .refused(.damaged), "a timestamp that is a string")
        let hidden = Proto.message(4, Array("SPBV1.0_COMPRESSED".utf8)) + Proto.message(5, [1, 2, 3])
        #expect(rig.take("NBIRTH/N", hidden) == .refused(.compressed))
        var nested = TestMetric.birth("a", 1).bytes
        for _ in 0..<200 { nested = Proto.message(18, Proto.message(2, nested)) }
        #expect(rig.take("NBIRTH/N", Proto.message(2, nested)) == .refused(.damaged))
        #expect(rig.state("NBIRTH/N") == Example.birth.bytes)
        #expect(rig.take("NCMD/N", Example.birth) == .foreign)
        #expect(rig.take("NBIRTH", Example.birth) == .foreign)
    }

    @Test("a named metric with a datatype that no birth had is taken up")
    func adoption() {
        var rig = born()
        var metric = TestMetric.data("new", 1)
        metric.datatype = 8
        rig.take("NDATA/N", TestPayload(seq: 2, [metric, .data("untyped", 1)]))
        let state = rig.read("NBIRTH/N")
        #expect(state?["new"]?.long == 1)
        #expect(state?["untyped"] == nil)
    }

    @Test("a node is asked for a birth at once, then after 10 s, 20 s, … as long as it stays incomplete")
    func requests() {
        var rig = Rig()
        rig.take("NDATA/N", TestPayload(seq: 2, [.data(alias: 1, 1)]))
        #expect(rig.fold.hasIncomplete)
        let asked = (0...100).filter { !rig.requests(at: $0).isEmpty }
        #expect(asked == [0, 10, 30, 70])
        rig.take("NBIRTH/N", Example.birth)
        #expect(!rig.fold.hasIncomplete)
        rig.take("NDATA/N", TestPayload(seq: 9, [.data(alias: 1, 1)]))
        #expect(rig.requests(at: 2000) == ["spBv1.0/G/NCMD/N"], "a hole in seq")
        #expect(rig.requests(at: 2009) == [])
        #expect(rig.requests(at: 2010) == ["spBv1.0/G/NCMD/N"], "after a good time, from the start")
    }

    @Test("a request is a Node Control/Rebirth that a host could have sent")
    func requestPayload() throws {
        var rig = Rig()
        rig.take("NDATA/N", TestPayload(seq: 2, [.data(alias: 1, 1)]))
        let now = Moment(sinceStart: .zero, unixMilliseconds: 5)
        let request = try #require(rig.fold.rebirthRequests(now: now).first)
        let payload = try #require(ReadPayload(request.payload))
        #expect(payload.timestamp == 5)
        #expect(payload.metrics.map(\.name) == ["Node Control/Rebirth"])
        #expect(payload.metrics.map(\.bool) == [true])
    }

    @Test("states of before a start are true until the plant says otherwise, and nodes are asked, ten a second")
    func restore() {
        var rig = Rig()
        for number in 0..<25 {
            rig.fold.restore(
                topic: Array("spBv1.0/G/NBIRTH/N\(number)".utf8).span.bytes, payload: Example.birth.bytes.span.bytes)
        }
        rig.fold.restore(topic: Array("spBv1.0/G/DBIRTH/N0/D".utf8).span.bytes, payload: [UInt8]().span.bytes)
        #expect(rig.changed == [])
        #expect(rig.fold.report.incomplete == 25)
        #expect([0, 0, 1, 2, 3].map { rig.requests(at: $0).count } == [10, 0, 10, 5, 0])
        rig.take("NDATA/N3", TestPayload(seq: 2, [.data(alias: 1, 11)]))
        #expect(rig.read("NBIRTH/N3")?["a"]?.long == 11)
        rig.take("NBIRTH/N3", Example.birth)
        #expect(rig.fold.report.incomplete == 24)
    }

    @Test("P8 nodes, devices, metrics and bytes have limits; a dead node makes room")
    func limits() {
        var rig = Rig(SparkplugLimits(nodes: 1, devicesPerNode: 1, metricsPerBirth: 4, bytes: 2000))
        rig.take("NBIRTH/N", Example.birth)
        #expect(rig.take("NBIRTH/M", Example.birth) == .refused(.overLimit))
        rig.take("DBIRTH/N/D", Example.deviceBirth)
        #expect(rig.take("DBIRTH/N/E", Example.deviceBirth) == .refused(.overLimit))
        let many = (0..<5).map { TestMetric.birth("m\($0)", 1) }
        #expect(rig.take("DBIRTH/N/D", TestPayload(seq: 2, many)) == .refused(.overLimit))
        var large = TestMetric.data("a", 1)
        large.value = .string(String(repeating: "x", count: 3000))
        rig.take("NDATA/N", TestPayload(seq: 2, [large]))
        #expect(rig.read("NBIRTH/N")?["a"]?.isNull == true, "the old value is not true any more")
        #expect(rig.state("DBIRTH/N/D") == [], "what is too large takes what it replaces with it")
        rig.take("NDEATH/N", TestPayload([.bdSeq(7)]))
        #expect(rig.take("NBIRTH/M", Example.birth) == .refused(.overLimit), "N's death is not told yet")
        #expect(rig.state("NBIRTH/N") == [])
        #expect(rig.take("NBIRTH/M", Example.birth) == .folded)
        #expect(rig.fold.report.nodes == 1)
    }
}
