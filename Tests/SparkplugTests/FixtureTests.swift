import Sparkplug
import Testing

/// Payloads as Google's protobuf for Python and an edge library encode them.
private enum Fixture {
    /// All kinds of values: a template definition and its instance, a data set, properties, metadata, null.
    static let richBirth = hex(
        """
        0880d095ffbc3112120a0562645365711880d095ffbc312004580312210a144e6f646520436f6e74726f6c2f526562697274681880d095
        ffbc31200b7000124e0a0d5f74797065735f2f4d6f746f721880d095ffbc3120139201330a013112100a0372706d200a69000000000000
        000012080a026f6e200b70001a100a0a706f6c6520706169727310031802280112550a074d6f746f72203110011880d095ffbc31201392
        013e0a013112170a0372706d1880d095ffbc31200a690000000000229740120f0a026f6e1880d095ffbc31200b7001220d5f7479706573
        5f2f4d6f746f722800122f0a057461626c6510021880d095ffbc3120108a011a08021201611201621808180c220c0a0210050a06320466
        697665123f0a0b74656d706572617475726510031880d095ffbc3120094a200a075175616c6974790a07656e67556e69741205080318c0
        011205080c420143650000ac4112260a0466696c6510041880d095ffbc312012420d18032a05662e62696e3a0230308201030001ff1213
        0a046e756c6c10051880d095ffbc31200338011800
        """)
    /// One member of the template, one property, a value for what was null.
    static let richData = hex(
        """
        08f4d395ffbc311223100118f4d395ffbc3192011712150a0372706d18f4d395ffbc316900000000004897401220100318f4d395ffbc31
        4a100a075175616c6974791205080318f403650000b441120b100518f4d395ffbc3150071801
        """)
    /// mqtt-spb-wrapper 2.1.2: no alias, `CMD/Node Control/Rebirth` for the specification's name, data that leaves the prefix of its birth out.
    static let wrapperBirth = hex(
        """
        08edffc482a03412120a05626453657118d1ffc482a03420045800121c0a0b415454522f76656e646f7218ecffc482a034200e7a046163
        6d65121d0a09444154412f74656d7018ecffc482a034200a69000000000080354012250a18434d442f4e6f646520436f6e74726f6c2f52
        65626972746818ecffc482a034200b700012180a0b434d442f7265626972746818ecffc482a034200b70001800
        """)
    static let wrapperData = hex("08edffc482a03412180a0474656d7018edffc482a034200a6900000000008036401801")

    static func hex(_ text: String) -> [UInt8] {
        let digits = text.filter(\.isHexDigit).compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}

@Suite struct FixtureTests {
    private func folded(_ messages: [(String, [UInt8])]) -> (state: [UInt8], report: SparkplugReport) {
        var fold = StateFold()
        for (topic, payload) in messages {
            _ = fold.fold(topic: Array("spBv1.0/G/\(topic)/N".utf8).span.bytes, payload: payload.span.bytes)
        }
        return (fold.takeState(of: Array("spBv1.0/G/NBIRTH/N".utf8).span.bytes) ?? [], fold.report)
    }

    @Test(
        "P7 a birth that nothing has touched is its own state, byte for byte",
        arguments: [Fixture.richBirth, Fixture.wrapperBirth])
    func untouched(_ birth: [UInt8]) {
        #expect(folded([("NBIRTH", birth)]).state == birth)
    }

    @Test("data sets a member of a template, a property and a value, and leaves what it does not mention")
    func richData() throws {
        let state = try #require(
            ReadPayload(folded([("NBIRTH", Fixture.richBirth), ("NDATA", Fixture.richData)]).state))
        let birth = try #require(ReadPayload(Fixture.richBirth))
        #expect(state.metrics.map(\.name) == birth.metrics.map(\.name))
        #expect(state.metrics.map(\.alias) == birth.metrics.map(\.alias))
        #expect(state.metrics.map(\.datatype) == birth.metrics.map(\.datatype))

        let motor = try #require(Proto.fields(state["Motor 1"]?.value ?? []).flatMap { Proto.fields($0[0].body) })
        #expect(motor.map(\.number) == [1, 2, 2, 4, 5])
        let rpm = try #require(Proto.fields(motor[1].body))
        #expect(rpm.map(\.number) == [1, 3, 4, 13], "the member keeps its datatype")
        #expect(rpm[3].body == withUnsafeBytes(of: (1490.0).bitPattern) { Array($0) })
        let formerMotor = try #require(Proto.fields(birth["Motor 1"]?.value ?? []).flatMap { Proto.fields($0[0].body) })
        #expect(motor[2].raw == formerMotor[2].raw)

        let temperature = try #require(state["temperature"])
        let properties = try #require(Proto.fields(temperature.others).flatMap { Proto.fields($0[0].body) })
        #expect(
            properties.map { String(decoding: $0.body.prefix(7), as: UTF8.self) }.prefix(2) == ["Quality", "engUnit"])
        #expect(properties[2].body == [0x08, 0x03, 0x18, 0xF4, 0x03])
        #expect(state["null"]?.isNull == false)
        #expect(state["null"]?.value == [0x50, 7])
        #expect(state["table"] == birth["table"])
        #expect(state["file"] == birth["file"])
    }

    @Test("P7 every kind of value goes through the proxy as it is: only seq changes")
    func richThroughProxy() throws {
        var rig = ProxyRig()
        rig.record("spBv1.0/G/NBIRTH/N", Fixture.richBirth, RecordOrder(epoch: 1, sequence: 1))
        rig.holdsConnections = true
        rig.proxy.record(
            topic: Array("spBv1.0/G/NDATA/N".utf8).span.bytes, payload: Fixture.richData.span.bytes,
            order: RecordOrder(epoch: 1, sequence: 2), sourceTime: 0, token: 9, now: rig.now)
        let actions = rig.proxy.takeActions()
        guard case .publish(_, let message, 9) = actions.first else {
            Issue.record("nothing was published")
            return
        }
        #expect(message.payload == Fixture.richData)
        _ = rig.host.take(actions)
        #expect(rig.host.complaints == [])
    }

    @Test("mqtt-spb-wrapper's data names metrics otherwise than its births: both are told, and a host is content")
    func wrapper() {
        var rig = ProxyRig()
        rig.record("spBv1.0/G/NBIRTH/N", Fixture.wrapperBirth, RecordOrder(epoch: 1, sequence: 1))
        rig.record("spBv1.0/G/NDATA/N", Fixture.wrapperData, RecordOrder(epoch: 1, sequence: 2))
        rig.wait(.seconds(2))
        #expect(rig.host.complaints == [])
        #expect(rig.host.nodes[ProxyRig.node]?.tables[""]?.values["temp"]?.datatype == 10)
        let report = folded([("NBIRTH", Fixture.wrapperBirth), ("NDATA", Fixture.wrapperData)]).report
        #expect(report.faults == [.rebirthMetric: 1, .unknownMetric: 1])
    }

    @Test("P4 no cut and no changed byte of a payload traps", arguments: [Fixture.richBirth, Fixture.richData])
    func everyByte(_ payload: [UInt8]) {
        for place in payload.indices {
            for damaged in [
                Array(payload[..<place]), payload.replacing(place, by: 0xFF), payload.replacing(place, by: 0),
            ] {
                for type in ["NBIRTH", "NDATA"] {
                    _ = folded([("NBIRTH", Fixture.richBirth), (type, damaged), ("NDATA", Fixture.richData)])
                }
            }
        }
    }
}

extension [UInt8] {
    fileprivate func replacing(_ place: Int, by byte: UInt8) -> [UInt8] {
        var bytes = self
        bytes[place] = byte
        return bytes
    }
}
