import Sparkplug
import Testing

@Suite struct EdgeNodeProxyTests {
    private let nodeBirth = TestPayload(
        seq: 0, [.bdSeq(7), .rebirth, .birth("a", alias: 1, 10), .birth("b", alias: 2, 20)])
    private let deviceBirth = TestPayload(seq: 1, [.birth("x", alias: 3, 30)])

    private func born() -> ProxyRig {
        var rig = ProxyRig()
        rig.record("NBIRTH/N", nodeBirth, 1)
        rig.record("DBIRTH/N/D", deviceBirth, 2)
        return rig
    }

    @Test("an edge node is born with our bdSeq, seq 0, and its devices")
    func birth() {
        let rig = born()
        #expect(rig.host.complaints == [])
        #expect(rig.isOnline())
        #expect(rig.long("a") == 10)
        #expect(rig.long("x", device: "D") == 30)
        #expect(rig.long("bdSeq") == 0)
        #expect(rig.host.answered == [1, 2])
    }

    @Test("data goes out with the next seq and by alias, whether the plant named it or not")
    func data() {
        var rig = born()
        rig.record("NDATA/N", TestPayload(seq: 77, [.data("a", 11)]), 3)
        rig.record("DDATA/N/D", TestPayload(seq: nil, [.data(alias: 3, 31)]), 4)
        #expect(rig.host.complaints == [])
        #expect(rig.long("a") == 11)
        #expect(rig.long("x", device: "D") == 31)
    }

    @Test("P3 an older value goes out as historical and leaves the newer one")
    func historical() {
        var rig = born()
        rig.record("NDATA/N", TestPayload(seq: 2, [.data("a", 13)]), 5)
        rig.record("NDATA/N", TestPayload(seq: 3, [.data("a", 12), .data("b", 22)]), 4)
        #expect(rig.host.complaints == [])
        #expect(rig.long("a") == 13)
        #expect(rig.long("b") == 22)
        #expect(rig.host.history == ["/a=12"])
    }

    @Test("a host's request is answered with current values, at once and then once a second")
    func rebirth() {
        var rig = born()
        rig.wait(.seconds(5))
        rig.record("NDATA/N", TestPayload(seq: 2, [.data("a", 11)]), 3)
        rig.askForBirth()
        #expect(rig.births == 2)
        #expect(rig.long("a") == 11)
        rig.askForBirth()
        rig.askForBirth()
        #expect(rig.births == 2)
        rig.wait(.milliseconds(999))
        #expect(rig.births == 2)
        rig.wait(.milliseconds(1))
        #expect(rig.births == 3)
        rig.wait(.seconds(10))
        #expect(rig.births == 3)
        #expect(rig.long("bdSeq") == 0, "a rebirth is no new session")
        #expect(rig.proxy.report.rebirthRequests == 3)
        #expect(rig.proxy.report.rebirths == 2)
        #expect(rig.host.complaints == [])
    }

    @Test("a request by the alias that the plant gave Node Control/Rebirth is answered; hosts never see that alias")
    func rebirthByAlias() {
        var rig = ProxyRig()
        var rebirth = TestMetric.rebirth
        rebirth.alias = 9
        rig.record("NBIRTH/N", TestPayload(seq: 0, [.bdSeq(0), rebirth, .birth("a", alias: 1, 1)]), 1)
        rig.wait(.seconds(2))
        rig.received("spBv1.0/G/NCMD/N", TestPayload([TestMetric(alias: 9, value: .bool(true))]).bytes)
        #expect(rig.births == 2)
        rig.wait(.seconds(2))
        rig.received("spBv1.0/G/NCMD/N", TestPayload([TestMetric(alias: 1, value: .bool(true))]).bytes)
        #expect(rig.births == 2)
        #expect(rig.host.complaints == [])
    }

    @Test("P5 every other command is counted and ignored", arguments: ["NCMD/N", "DCMD/N/D", "NCMD/Other"])
    func commands(_ topic: String) {
        var rig = born()
        let births = rig.births
        rig.received("spBv1.0/G/" + topic, TestPayload([.data("a", 99)]).bytes)
        rig.received("spBv1.0/G/" + topic, [0xFF])
        #expect(rig.proxy.report.commandsIgnored == 2)
        #expect(rig.long("a") == 10)
        #expect(rig.births == births)
    }

    @Test("a state that says what is known changes nothing")
    func equalState() {
        var rig = born()
        rig.record("NDATA/N", TestPayload(seq: 2, [.data("a", 11)]), 3)
        var state = nodeBirth
        state.metrics[2].value = .long(11)
        state.metrics[2].timestamp = 1_700_000_000_001
        rig.state("NBIRTH/N", state, 9)
        rig.state("DBIRTH/N/D", deviceBirth, 10)
        #expect(rig.births == 1)
        #expect(rig.proxy.report.healed == 0)
    }

    @Test("a state that differs gives a new birth; values that are newer survive it")
    func newState() {
        var rig = born()
        rig.record("NDATA/N", TestPayload(seq: 2, [.data("b", 25)]), 12)
        var state = nodeBirth
        state.metrics[2].value = .long(11)
        rig.state("NBIRTH/N", state, 9)
        #expect(rig.births == 2)
        #expect(rig.long("a") == 11)
        #expect(rig.long("b") == 25)
        #expect(rig.long("x", device: "D") == 30, "its devices are born again with it")
        rig.record("NDATA/N", TestPayload(seq: 2, [.data("a", 5)]), 8)
        #expect(rig.long("a") == 11)
        #expect(rig.host.history == ["/a=5"])
        #expect(rig.host.complaints == [])
    }

    @Test("a device's state that differs gives a birth of that device alone")
    func newDeviceState() {
        var rig = born()
        rig.state("DBIRTH/N/D", TestPayload(seq: 1, [.birth("x", alias: 3, 33), .birth("y", alias: 4, 40)]), 9)
        #expect(rig.births == 1)
        #expect(rig.long("x", device: "D") == 33)
        #expect(rig.long("y", device: "D") == 40)
        rig.state("DBIRTH/N/D", nil, 10)
        #expect(rig.host.nodes[ProxyRig.node]?.tables["D"] == nil)
        #expect(rig.host.complaints == [])
    }

    @Test("a node is born from its state alone; data waits for it and comes out after it")
    func stateFirst() {
        var rig = ProxyRig()
        rig.record("NDATA/N", TestPayload(seq: 2, [.data(alias: 1, 5)]), 3)
        rig.record("NDATA/N", TestPayload(seq: 2, [.data(alias: 1, 12)]), 11)
        rig.record("DDATA/N/D", TestPayload(seq: 2, [.data(alias: 3, 31)]), 12)
        #expect(rig.host.answered == [])
        #expect(rig.proxy.report.waiting == 3)
        rig.state("NBIRTH/N", nodeBirth, 9)
        #expect(rig.long("a") == 12)
        #expect(rig.host.history == ["/a=5"])
        #expect(rig.proxy.report.waiting == 1, "the device's birth is still unknown")
        rig.state("DBIRTH/N/D", deviceBirth, 10)
        #expect(rig.long("x", device: "D") == 31)
        #expect(rig.host.answered.count == 5)
        #expect(rig.host.complaints == [])
    }

    @Test("P9 data of which no birth is known waits for a while and is then given up by name, not folded")
    func patience() {
        var rig = ProxyRig()
        for number in 1...5 { rig.record("NDATA/N", TestPayload([.data("a", 1)]), UInt64(number)) }
        #expect(rig.host.answered == [] && rig.proxy.report.waiting == 5)
        rig.wait(.seconds(90))
        #expect(rig.host.givenUp == [1, 2, 3, 4, 5] && rig.host.folded == [])
        #expect(rig.proxy.report.waitedInVain == 5)
        rig.wait(.seconds(5))
        #expect(rig.proxy.nextDeadline == nil)
    }

    @Test("P9 what waits for a connection waits while its owner has room; what is given up is named, oldest first")
    func reach() {
        var rig = ProxyRig()
        rig.holdsConnections = true
        rig.record("NBIRTH/N", nodeBirth, 1)
        for number in 2...4 { rig.record("NDATA/N", TestPayload([.data("a", UInt64(number))]), UInt64(number)) }
        rig.wait(.seconds(3_600))
        #expect(rig.host.answered == [])
        rig.proxy.giveUp(before: 3, now: rig.now)
        rig.carryOut()
        #expect(rig.host.givenUp == [1, 2])
        rig.settle()
        #expect(rig.host.answered.sorted() == [1, 2, 3, 4] && rig.host.folded == [])
        #expect(rig.long("a") == 4)
        #expect(rig.host.complaints == [])
    }

    @Test("P9 all that a node said while it had no connection is told once it has one, also if it died meanwhile")
    func deathBehindHistory() {
        var rig = ProxyRig()
        rig.holdsConnections = true
        rig.record("NBIRTH/N", nodeBirth, 1)
        for number in 2...4 { rig.record("NDATA/N", TestPayload([.data("a", UInt64(number))]), UInt64(number)) }
        rig.record("NDEATH/N", TestPayload([.bdSeq(7)]), 5)
        #expect(rig.host.answered == [])
        rig.settle()
        #expect(rig.births == 1 && !rig.isOnline())
        #expect(rig.host.answered.sorted() == [1, 2, 3, 4, 5])
        #expect(rig.host.folded == [1], "its own birth is in ours; all else was published")
        #expect(rig.host.complaints == [])
    }

    @Test("the plant's NDEATH ends the connection with ours; the next birth has the next bdSeq")
    func nodeDeath() {
        var rig = born()
        rig.record("NDEATH/N", TestPayload([.bdSeq(6)]), 3)
        #expect(rig.isOnline(), "a death of an earlier session is ignored")
        rig.record("NDEATH/N", TestPayload([.bdSeq(7)]), 4)
        #expect(!rig.isOnline())
        rig.record("NBIRTH/N", nodeBirth, 2)
        #expect(!rig.isOnline(), "an older birth says nothing")
        rig.record("NBIRTH/N", nodeBirth, 5)
        #expect(rig.long("bdSeq") == 1)
        #expect(rig.long("x", device: "D") == nil, "a device is dead until its own birth")
        #expect(rig.host.complaints == [])
        #expect(rig.host.answered.count == 6)
    }

    @Test("a device's death goes out once")
    func deviceDeath() {
        var rig = born()
        rig.record("DDEATH/N/D", TestPayload(seq: 2, []), 3)
        rig.record("DDEATH/N/D", TestPayload(seq: 2, []), 4)
        rig.record("DDATA/N/D", TestPayload(seq: 2, [.data("x", 1)]), 2)
        #expect(rig.host.nodes[ProxyRig.node]?.tables["D"] == nil)
        rig.wait(.seconds(90))
        #expect(rig.host.answered.count == 5 && rig.host.givenUp == [5])
        #expect(rig.host.complaints == [])
    }

    @Test("a connection that is lost comes back with the next bdSeq and current values")
    func lostConnection() {
        var rig = born()
        rig.record("NDATA/N", TestPayload(seq: 2, [.data("a", 11)]), 3)
        rig.cut()
        #expect(rig.isOnline())
        #expect(rig.long("bdSeq") == 1)
        #expect(rig.long("a") == 11)
        #expect(rig.long("x", device: "D") == 30)
        #expect(rig.host.complaints == [])
    }

    @Test("bdSeq begins again at 0 after 255")
    func bdSeqTurns() {
        var rig = born()
        for _ in 1...300 { rig.cut() }
        #expect(rig.long("bdSeq") == 300 % 256)
        #expect(rig.host.complaints == [])
    }

    @Test("P9 a silent link is the death of every node; each is born again from its state or its own birth")
    func silence() {
        var rig = born()
        rig.silence()
        #expect(!rig.isOnline())
        rig.speech()
        #expect(!rig.isOnline(), "nobody has said yet that it lives")
        rig.record("NDATA/N", TestPayload(seq: 2, [.data("a", 11)]), 3)
        rig.state("NBIRTH/N", nodeBirth, 1)
        #expect(rig.long("a") == 11)
        #expect(rig.long("x", device: "D") == nil)
        rig.state("DBIRTH/N/D", deviceBirth, 2)
        #expect(rig.long("x", device: "D") == 30)
        rig.silence()
        rig.speech()
        rig.record("NBIRTH/N", nodeBirth, 4)
        #expect(rig.isOnline())
        #expect(rig.host.complaints == [])
    }

    @Test("P9 a link that was silent and lost nothing: nodes are born from what is known, without waiting for states")
    func whole() {
        var rig = born()
        rig.silence()
        rig.speech()
        #expect(!rig.isOnline())
        rig.proxy.linkWhole(now: rig.now)
        rig.carryOut()
        #expect(rig.isOnline() && rig.long("a") == 10 && rig.long("x", device: "D") == 30)
        #expect(rig.host.complaints == [])
    }

    @Test("a host's state is asked anew when the IT broker is connected anew: without a word, it is offline")
    func hostAskedAgain() {
        var rig = ProxyRig { $0.primaryHost = Array("scada".utf8) }
        let online = Array(
            "{\"online\": true, \"timestamp\": 10, \"more\": {\"a\": [1, {\"b\": \"x,y:}\"}]}}".utf8)
        rig.received("spBv1.0/STATE/scada", online)
        rig.record("NBIRTH/N", nodeBirth, 1)
        #expect(rig.isOnline())
        rig.proxy.hostsAsked(now: rig.now)
        rig.record("NBIRTH/M", nodeBirth, 2)
        #expect(rig.isOnline(), "it is not torn away while the broker is asked")
        #expect(rig.host.nodes.count == 1, "and nobody new comes online before it has answered")
        rig.received("spBv1.0/STATE/scada", online)
        #expect(rig.host.nodes.count == 2)
        rig.proxy.hostsAsked(now: rig.now)
        rig.wait(.seconds(2))
        #expect(!rig.isOnline())
        #expect(rig.host.complaints == [])
    }

    @Test("a STATE from the far future does not lock out what the host says later")
    func futureState() {
        var rig = ProxyRig { $0.primaryHost = Array("scada".utf8) }
        rig.record("NBIRTH/N", nodeBirth, 1)
        rig.received("spBv1.0/STATE/scada", Array("{\"online\":true,\"timestamp\":18446744073709551615}".utf8))
        #expect(rig.isOnline())
        rig.wait(.seconds(5))
        rig.received(
            "spBv1.0/STATE/scada", Array("{\"online\":false,\"timestamp\":\(rig.now.unixMilliseconds)}".utf8))
        #expect(!rig.isOnline())
    }

    @Test("P8 one group cannot take the places of another; who finds none is named")
    func shares() {
        var rig = ProxyRig { $0.limits.nodes = 8 }
        for number in 1...10 { rig.record("NBIRTH/N\(number)", nodeBirth, UInt64(number)) }
        #expect(rig.host.nodes.count == 6)
        rig.record("spBv1.0/H/NBIRTH/genuine", nodeBirth.bytes, RecordOrder(epoch: 1, sequence: 20))
        #expect(rig.host.nodes.count == 7)
        let report = rig.proxy.report
        #expect(report.isLimited && report.trouble != nil && report.plant.troubled.count == 4)
        rig.wait(.seconds(600))
        #expect(!rig.proxy.report.isLimited)
    }

    @Test("with a primary host, nodes live only while it is online")
    func primaryHost() {
        func said(_ online: Bool, _ time: Int) -> [UInt8] {
            Array("{\"online\": \(online), \"timestamp\": \(time)}".utf8)
        }
        var rig = ProxyRig { $0.primaryHost = Array("scada".utf8) }
        #expect(rig.proxy.hostTopics == [Array("spBv1.0/STATE/scada".utf8)])
        rig.record("NBIRTH/N", nodeBirth, 1)
        #expect(!rig.isOnline())
        rig.received("spBv1.0/STATE/other", said(true, 5))
        rig.received("spBv1.0/STATE/scada", Array("ONLINE".utf8))
        #expect(!rig.isOnline())
        rig.received("spBv1.0/STATE/scada", said(true, 10))
        #expect(rig.isOnline())
        rig.received("spBv1.0/STATE/scada", said(false, 9))
        #expect(rig.isOnline(), "the will of an earlier session says nothing")
        rig.received("spBv1.0/STATE/scada", said(false, 10))
        #expect(!rig.isOnline())
        rig.received("spBv1.0/STATE/scada", said(true, 11))
        #expect(rig.isOnline())
        rig.received("spBv1.0/STATE/scada", [])
        #expect(!rig.isOnline())
        #expect(rig.host.complaints == [])
    }

    @Test("P9 a birth and a death from before the connection stands are both told, in order")
    func deathWhileConnecting() {
        var rig = ProxyRig()
        rig.holdsConnections = true
        rig.record("NBIRTH/N", nodeBirth, 1)
        rig.record("NDEATH/N", TestPayload([.bdSeq(7)]), 2)
        rig.settle()
        #expect(rig.births == 1)
        #expect(rig.host.nodes[ProxyRig.node]?.isConnected == false)
        rig.record("NBIRTH/N", nodeBirth, 3)
        #expect(rig.host.nodes[ProxyRig.node]?.isConnected == false, "first the old connection ends")
        rig.settle()
        rig.settle()
        #expect(rig.isOnline())
        #expect(rig.host.complaints == [])
    }

    @Test("aliases that clash are taken out of the later birth, and its data goes by name")
    func clashingAliases() {
        var rig = ProxyRig()
        rig.record("NBIRTH/N", nodeBirth, 1)
        rig.record("DBIRTH/N/D", TestPayload(seq: 1, [.birth("x", alias: 1, 30), .birth("y", alias: 2, 40)]), 2)
        rig.record("DDATA/N/D", TestPayload(seq: 2, [.data(alias: 1, 31)]), 3)
        rig.record("NDATA/N", TestPayload(seq: 3, [.data(alias: 1, 11)]), 4)
        #expect(rig.long("x", device: "D") == 31)
        #expect(rig.long("a") == 11)
        #expect(rig.proxy.report.plant.faults[.duplicateAlias] == 1)
        #expect(rig.host.complaints == [])
    }

    @Test("a metric that no birth had is taken up, with a new birth; without datatype it is dropped")
    func adoption() {
        var rig = born()
        rig.wait(.seconds(5))
        var metric = TestMetric.data("new", 50)
        metric.datatype = 8
        rig.record("DDATA/N/D", TestPayload(seq: 2, [metric, .data("x", 31), .data("untyped", 1)]), 3)
        rig.wait(.seconds(2))
        #expect(rig.long("new", device: "D") == 50)
        #expect(rig.long("x", device: "D") == 31)
        #expect(rig.births == 1)
        rig.record("DDATA/N/D", TestPayload(seq: 2, [.data("new", 51)]), 4)
        #expect(rig.long("new", device: "D") == 51)
        #expect(rig.host.complaints == [])
    }

    @Test("what the plant lacks is put in: bdSeq, Node Control/Rebirth, datatypes, timestamps")
    func repairs() {
        var rig = ProxyRig()
        var bare = TestMetric.birth("a", 10)
        bare.datatype = nil
        bare.timestamp = nil
        // Without seq, too, it would be no birth.
        rig.record("NBIRTH/N", TestPayload(seq: 0, [bare], timestamp: nil), 1)
        rig.record("NDATA/N", TestPayload([.data("a", 11, at: nil)], timestamp: nil), 2)
        rig.record("NDEATH/N", TestPayload([]), 3)
        #expect(rig.host.complaints == [])
        #expect(rig.births == 1)
        #expect(!rig.isOnline())
    }

    @Test("a plant without any timestamps: a state that says what is known changes nothing")
    func noTimestamps() {
        var rig = ProxyRig()
        var fold = StateFold()
        var bare = TestMetric.birth("a", 10)
        bare.timestamp = nil
        for timestamp in [nil, 1_700_000_000_000] as [UInt64?] {
            let birth = TestPayload(seq: 0, [.bdSeq(0), .rebirth, bare], timestamp: timestamp)
            let data = TestPayload(seq: 1, [.data("a", 11, at: nil)], timestamp: nil)
            for (topic, payload) in [("NBIRTH/N", birth), ("NDATA/N", data)] {
                _ = fold.fold(topic: Array("spBv1.0/G/\(topic)".utf8).span.bytes, payload: payload.bytes.span.bytes)
                rig.record(topic, payload, rig.sequence)
            }
            let state = fold.takeState(of: Array("spBv1.0/G/NBIRTH/N".utf8).span.bytes) ?? []
            rig.state("spBv1.0/G/NBIRTH/N", state, RecordOrder(epoch: 1, sequence: rig.sequence))
        }
        #expect(rig.proxy.report.healed == 0)
        #expect(rig.host.complaints == [])
    }

    @Test("P4 a payload that is none changes nothing and is answered")
    func damaged() {
        var rig = born()
        for topic in ["NBIRTH/N", "DBIRTH/N/D", "NDATA/N", "DDATA/N/D", "NDEATH/N", "DDEATH/N/D"] {
            rig.record("spBv1.0/G/" + topic, [0x12, 0x05, 0x01], RecordOrder(epoch: 1, sequence: 50))
        }
        #expect(rig.isOnline())
        #expect(rig.long("x", device: "D") == 30)
        #expect(rig.host.answered.count == 8)
        #expect(rig.proxy.report.plant.faults[.damaged] == 6)
    }

    @Test("after a reset what waited comes again, and those in flight may")
    func reset() {
        var rig = ProxyRig()
        rig.record("NDATA/N", TestPayload(seq: 2, [.data(alias: 1, 12)]), 11)
        rig.proxy.reset()
        rig.record("NBIRTH/N", nodeBirth, 1)
        rig.record("NDATA/N", TestPayload(seq: 2, [.data(alias: 1, 12)]), 11)
        rig.record("NDATA/N", TestPayload(seq: 2, [.data(alias: 1, 12)]), 11)
        #expect(rig.host.answered.sorted() == [2, 3, 4])
        #expect(rig.long("a") == 12)
        #expect(rig.host.complaints == [])
    }

    @Test("P8 nodes, devices, metrics and bytes have limits; a dead node makes room")
    func limits() {
        var rig = ProxyRig {
            $0.limits = SparkplugLimits(nodes: 1, devicesPerNode: 1, metricsPerBirth: 4, bytes: 2000)
        }
        rig.record("NBIRTH/N", nodeBirth, 1)
        rig.record("NBIRTH/M", nodeBirth, 2)
        rig.record("DBIRTH/N/D", deviceBirth, 3)
        rig.record("DBIRTH/N/E", deviceBirth, 4)
        let many = (0..<5).map { TestMetric.birth("m\($0)", 1) }
        rig.record("DBIRTH/N/D", TestPayload(seq: 1, many), 5)
        var large = TestMetric.data("a", 1)
        large.value = .string(String(repeating: "x", count: 3000))
        rig.record("NDATA/N", TestPayload(seq: 1, [large]), 6)
        #expect(rig.proxy.report.plant.faults[.overLimit] == 4)
        #expect(rig.host.nodes.count == 1)
        rig.record("NDEATH/N", TestPayload([.bdSeq(7)]), 7)
        #expect(rig.proxy.report.plant.bytes == 0)
        rig.record("NBIRTH/M", nodeBirth, 8)
        #expect(rig.host.nodes.count == 2)
        #expect(rig.host.complaints == [])
    }
}
