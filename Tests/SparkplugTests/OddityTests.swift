import Sparkplug
import TestKit
import Testing

/// Messages that look like births and deaths, and are none; nodes that nobody hears; plants that fill every place.
@Suite("Oddities of Sparkplug") struct OddityTests {
    static let birth = TestPayload(seq: 0, [.bdSeq(88), .rebirth, .birth("a", alias: 1, 10)])
    static let deviceBirth = TestPayload(seq: 1, [.birth("x", alias: 3, 30)])

    private struct Rig {
        var fold: StateFold

        init(_ limits: SparkplugLimits = SparkplugLimits()) {
            fold = StateFold(limits: limits)
        }

        @discardableResult
        mutating func take(_ topic: String, _ payload: [UInt8]) -> StateFold.Outcome {
            fold.fold(topic: Array("spBv1.0/G/\(topic)".utf8).span.bytes, payload: payload.span.bytes)
        }

        mutating func state(_ topic: String) -> [UInt8]? {
            fold.takeState(of: Array("spBv1.0/G/\(topic)".utf8).span.bytes)
        }

        mutating func ask(at seconds: Int) -> Int { fold.rebirthRequests(now: Rig.moment(seconds)).count }

        mutating func silent(at seconds: Int) -> [String] {
            fold.presumeSilentDead(for: .seconds(30), now: Rig.moment(seconds)).map(\.description)
        }

        private static func moment(_ seconds: Int) -> Moment {
            Moment(sinceStart: .seconds(seconds), unixMilliseconds: 1_700_000_000_000)
        }
    }

    private func born() -> Rig {
        var rig = Rig()
        rig.take("NBIRTH/N", Self.birth.bytes)
        rig.take("DBIRTH/N/D", Self.deviceBirth.bytes)
        return rig
    }

    /// Unknown fields alone.
    static let strange = Proto.varint(99, 1)
    static let group: [UInt8] = [0x7B, 0x08, 0x01, 0x13, 0x14, 0x7C]

    static let harmless: [(String, [UInt8], SparkplugFault)] =
        ["NBIRTH/N", "DBIRTH/N/D", "NDEATH/N", "DDEATH/N/D", "NDATA/N", "DDATA/N/D"].map { ($0, [], .cleared) } + [
            ("NBIRTH/N", strange, .notABirth), ("DBIRTH/N/D", strange, .notABirth),
            ("NBIRTH/N", TestPayload([.birth("a", 1)], timestamp: nil).bytes, .notABirth),
            ("DBIRTH/N/D", TestPayload([.birth("a", 1)], timestamp: nil).bytes, .notABirth),
            ("NDEATH/N", strange, .notADeath), ("DDEATH/N/D", strange, .notADeath),
            ("NDEATH/N", TestPayload([]).bytes, .bdSeqMissing),
            ("NDEATH/N", TestPayload([.bdSeq(0)]).bytes, .bdSeqMismatch),
            ("NDEATH/N", TestPayload([.bdSeq(100)]).bytes, .bdSeqMismatch),
            ("NDEATH/N", TestPayload(seq: 6, [.bdSeq(87)]).bytes, .bdSeqMismatch),
            ("NBIRTH/N", Array(birth.bytes.dropLast()), .damaged),
            ("NBIRTH/N", [0x7B, 0x08, 0x01], .damaged), ("NBIRTH/N", [0x7B, 0x7C, 0x7C], .damaged),
            ("NBIRTH/N", [UInt8](repeating: 0x7B, count: 40) + [UInt8](repeating: 0x7C, count: 40), .damaged),
        ]

    @Test("What cannot be a birth or a death changes no state, and is counted by its name", arguments: harmless)
    func nothing(_ topic: String, _ payload: [UInt8], _ fault: SparkplugFault) {
        var rig = born()
        rig.take(topic, payload)
        #expect(rig.state("NBIRTH/N") == Self.birth.bytes)
        #expect(rig.state("DBIRTH/N/D") == Self.deviceBirth.bytes)
        #expect(rig.fold.report.faults[fault] == 1)
        #expect(rig.fold.report.born == 1)
        // A host of the IT side sees no more of it.
        var host = ProxyRig()
        host.record("NBIRTH/N", Self.birth, 1)
        host.record("DBIRTH/N/D", Self.deviceBirth, 2)
        let births = host.births
        host.record("spBv1.0/G/" + topic, payload, RecordOrder(epoch: 1, sequence: 3))
        #expect(host.births == births && host.isOnline() && host.long("a") == 10 && host.long("x", device: "D") == 30)
    }

    @Test("A clear of a node that nobody knows takes no place")
    func unknown() {
        var rig = Rig()
        #expect(rig.take("NBIRTH/N", []) == .refused(.cleared))
        #expect(rig.fold.report.nodes == 0)
    }

    @Test(
        "A death belongs to the birth with its number, also where that has counted on beyond 255, or to the one before it",
        arguments: [(88, 88), (88, 89), (255, 0), (255, 255), (300, 300), (300, 44), (0, 0)] as [(UInt64, UInt64)])
    func deaths(_ birth: UInt64, _ death: UInt64) {
        var rig = Rig()
        rig.take("NBIRTH/N", TestPayload(seq: 0, [.bdSeq(birth), .rebirth]).bytes)
        rig.take("NDEATH/N", TestPayload([.bdSeq(death)]).bytes)
        #expect(rig.state("NBIRTH/N") == [])
    }

    @Test("A node without numbers dies of a death without one")
    func numberless() {
        var rig = Rig()
        rig.take("NBIRTH/N", TestPayload(seq: 0, [.rebirth]).bytes)
        rig.take("NDEATH/N", TestPayload([]).bytes)
        #expect(rig.state("NBIRTH/N") == [])
    }

    @Test("Groups that nobody knows are skipped and kept")
    func groups() {
        var rig = Rig()
        var birth = Self.birth
        birth.extra = Self.group
        #expect(rig.take("NBIRTH/N", birth.bytes) == .folded)
        #expect(rig.state("NBIRTH/N") == birth.bytes)
    }

    @Test("JSON is no Sparkplug B, and a payload that only looks like it is one")
    func json() {
        let text = { (text: String) in ForeignPayload.isJSON(Array(text.utf8).span.bytes) }
        #expect(text("{\"timestamp\":1,\"metrics\":[]}") && text(" [1]\n") && text("{}"))
        #expect(!text("") && !text("1") && !text("{") && !text("}{"))
        let isJSON = { (bytes: [UInt8]) in ForeignPayload.isJSON(bytes.span.bytes) }
        #expect(!isJSON(Self.birth.bytes))
        #expect(!isJSON([0x7B, 0x7C] + Proto.message(99, [0x7D])), "a group, then a field")
    }

    // MARK: Life

    @Test(
        "A node in doubt is asked, and counts as dead if it is not heard; heard again, it lives with all that was known"
    )
    func silence() {
        var rig = born()
        _ = (rig.state("NBIRTH/N"), rig.state("DBIRTH/N/D"))
        rig.fold.doubtAll()
        #expect(rig.ask(at: 100) == 1)
        #expect(rig.silent(at: 129) == [] && rig.fold.urgentStates == [])
        #expect(rig.silent(at: 130) == ["G/N"])
        #expect(rig.silent(at: 131) == [])
        #expect(rig.fold.urgentStates.count == 2 && rig.fold.report.born == 0)
        #expect(rig.state("NBIRTH/N") == [] && rig.state("DBIRTH/N/D") == [])
        rig.take("NDATA/N", TestPayload(seq: 2, [.data(alias: 1, 11)]).bytes)
        #expect(rig.fold.urgentStates.count == 2 && rig.fold.report.born == 1)
        #expect(rig.state("NBIRTH/N").flatMap { ReadPayload($0) }?["a"]?.long == 11)
        #expect(rig.state("DBIRTH/N/D") == Self.deviceBirth.bytes)
        #expect(rig.fold.report.faults[.presumedDead] == 1)
    }

    @Test("Only what is heard after the question shows that a node lives")
    func answers() {
        var rig = born()
        rig.fold.doubtAll()
        rig.take("NDATA/N", TestPayload(seq: 2, [.data(alias: 1, 11)]).bytes)
        _ = rig.ask(at: 100)
        #expect(rig.silent(at: 130) == ["G/N"])
        rig = born()
        rig.fold.doubtAll()
        _ = rig.ask(at: 100)
        rig.take("NDATA/N", TestPayload(seq: 2, [.data(alias: 1, 11)]).bytes)
        #expect(rig.silent(at: 200) == [])
    }

    @Test("A death of another session puts the node in doubt: it is asked, and dies if it is silent")
    func doubtfulDeath() {
        var rig = born()
        rig.take("NDEATH/N", TestPayload([.bdSeq(100)]).bytes)
        #expect(rig.ask(at: 100) == 1)
        #expect(rig.silent(at: 130) == ["G/N"])
    }

    @Test(
        "Without the plant's broker every node is dead; back, one that speaks is still in doubt until it has answered")
    func broker() {
        var rig = born()
        #expect(rig.fold.presumeAllDead().map(\.description) == ["G/N"])
        #expect(rig.state("NBIRTH/N") == [])
        rig.fold.doubtAll()
        rig.take("NDATA/N", TestPayload(seq: 2, [.data(alias: 1, 11)]).bytes)
        #expect(rig.fold.report.born == 1)
        _ = rig.ask(at: 100)
        #expect(rig.silent(at: 130) == ["G/N"])
    }

    // MARK: Limits

    @Test("P8 a birth that is too large to be told takes what it replaces with it, and is named once")
    func tooLarge() {
        var rig = Rig(SparkplugLimits(birthBytes: 400))
        rig.take("NBIRTH/N", Self.birth.bytes)
        let large = TestPayload(seq: 0, Self.birth.metrics + (0..<20).map { .birth("metric \($0)", 1) })
        for _ in 0..<3 { #expect(rig.take("NBIRTH/N", large.bytes) == .refused(.overLimit)) }
        #expect(rig.state("NBIRTH/N") == [])
        #expect(rig.fold.takeUntoldLimits() == [Array("spBv1.0/G/NBIRTH/N".utf8)])
        #expect(rig.fold.report.limited == 1 && rig.fold.report.troubled.first?.isLimited == true)
        rig.take("NBIRTH/N", Self.birth.bytes)
        #expect(rig.fold.report.limited == 0 && rig.fold.takeUntoldLimits() == [])
    }

    @Test("P8 a value that makes the birth too large is told as null, never as the old one")
    func valueTooLarge() {
        var rig = Rig(SparkplugLimits(birthBytes: 400))
        rig.take("NBIRTH/N", Self.birth.bytes)
        var metric = TestMetric.data(alias: 1, 0)
        metric.value = .string(String(repeating: "x", count: 500))
        rig.take("NDATA/N", TestPayload(seq: 1, [metric]).bytes)
        let told = rig.state("NBIRTH/N").flatMap { ReadPayload($0) }
        #expect(told?["a"]?.isNull == true && told?["a"]?.value == [] && told?["a"]?.timestamp == 1_700_000_000_001)
        #expect(rig.fold.report.limited == 1)
    }

    @Test("P8 one group cannot take the places of another, and the dead make room")
    func groupShare() {
        var rig = Rig(SparkplugLimits(nodes: 100))
        for number in 0..<200 { rig.take("NBIRTH/N\(number)", Self.birth.bytes) }
        #expect(rig.fold.report.nodes < 100 && rig.fold.report.limited > 0)
        let other = Array("spBv1.0/other/NBIRTH/N".utf8)
        let outcome = rig.fold.fold(topic: other.span.bytes, payload: Self.birth.bytes.span.bytes)
        #expect(outcome == .folded)
        #expect(rig.take("NBIRTH/N199", Self.birth.bytes) == .refused(.overLimit))
        for number in 0..<10 {
            rig.take("NDEATH/N\(number)", TestPayload([.bdSeq(88)]).bytes)
            _ = rig.state("NBIRTH/N\(number)")
        }
        #expect(rig.take("NBIRTH/N199", Self.birth.bytes) == .folded)
    }

    @Test("P8 a node that found no place is named until it dies, or nobody can be heard")
    func turnedAway() {
        var rig = Rig(SparkplugLimits(nodes: 1))
        for node in ["N", "M", "O"] { rig.take("NBIRTH/\(node)", Self.birth.bytes) }
        #expect(rig.fold.report.limited == 2)
        rig.take("NDEATH/M", TestPayload([.bdSeq(88)]).bytes)
        #expect(rig.fold.report.limited == 1)
        _ = rig.fold.presumeAllDead()
        #expect(rig.fold.report.limited == 0)
    }

    @Test(
        "P2 a node that found no place is asked for a birth as soon as there is one, and is named until it is born or silent"
    )
    func turnedAwayAdmitted() {
        var rig = Rig(SparkplugLimits(nodes: 1))
        rig.take("NBIRTH/N", Self.birth.bytes)
        for node in ["M", "O"] { rig.take("NBIRTH/\(node)", Self.birth.bytes) }
        #expect(rig.ask(at: 0) == 0 && rig.fold.report.limited == 2)
        rig.take("NDEATH/N", TestPayload([.bdSeq(88)]).bytes)
        _ = rig.state("NBIRTH/N")
        // One of the two has the place and is asked; it says nothing, as if it had gone without a word.
        #expect(rig.fold.hasIncomplete && rig.ask(at: 10) == 1)
        #expect(rig.fold.report.limited == 1 && rig.fold.report.incomplete == 1)
        #expect(rig.silent(at: 39) == [] && rig.fold.report.incomplete == 1)
        #expect(rig.silent(at: 40) == [] && rig.fold.report.incomplete == 0)
        // So the other has its turn, and answers.
        let asked = rig.fold.rebirthRequests(now: Moment(sinceStart: .seconds(41), unixMilliseconds: 1_700_000_000_000))
        #expect(asked.count == 1 && rig.fold.report.limited == 0)
        let birth = String(decoding: asked.first?.birthTopic ?? [], as: UTF8.self).replacing("spBv1.0/G/", with: "")
        rig.take(birth, Self.birth.bytes)
        #expect(rig.state(birth) != nil && rig.fold.report.incomplete == 0 && rig.fold.report.born == 1)
        #expect(rig.silent(at: 100) == [] && !rig.fold.hasIncomplete)
    }

    @Test("P9 a node of which no birth came is named until it is born or dies, also while another has its place")
    func unbornMakesRoom() {
        var rig = Rig(SparkplugLimits(nodes: 1))
        rig.take("NDATA/N", TestPayload(seq: 1, [.data(alias: 1, 1)]).bytes)
        #expect(rig.fold.report.incomplete == 1)
        #expect(rig.take("NBIRTH/M", Self.birth.bytes) == .folded)
        #expect(rig.fold.report.troubled.map(\.id.description) == ["G/N"] && rig.fold.report.limited == 1)
        rig.take("NDEATH/N", TestPayload([.bdSeq(88)]).bytes)
        #expect(rig.fold.report.troubled.isEmpty && rig.fold.report.limited == 0)
        // Nor does one stay unsure that has said goodbye before it was ever born here.
        rig = Rig()
        rig.take("NDATA/N", TestPayload(seq: 1, [.data(alias: 1, 1)]).bytes)
        rig.take("NDEATH/N", TestPayload([.bdSeq(88)]).bytes)
        #expect(!rig.fold.hasIncomplete && rig.fold.report.incomplete == 0)
    }

    @Test("P8 a device beyond a limit is named until it dies")
    func limitedDevice() {
        var rig = Rig(SparkplugLimits(devicesPerNode: 1))
        rig.take("NBIRTH/N", Self.birth.bytes)
        let device = TestPayload(seq: 1, [.birth("temperature", 1)])
        for name in ["D", "E"] { rig.take("DBIRTH/N/\(name)", device.bytes) }
        #expect(rig.fold.report.limited == 1)
        rig.take("DDEATH/N/E", TestPayload(seq: 2, []).bytes)
        #expect(rig.fold.report.limited == 0)
    }

    @Test("Two nodes of one name are asked ever more seldom, and are named")
    func twins() {
        var rig = Rig()
        var asked: [Int] = []
        for second in 0..<300 {
            // Both answer, and each one's seq is a hole in the other's.
            rig.take("NBIRTH/N", Self.birth.bytes)
            rig.take("NDATA/N", TestPayload(seq: 1, [.data(alias: 1, 1)]).bytes)
            rig.take("NDATA/N", TestPayload(seq: UInt64(second % 100 + 50), [.data(alias: 1, 2)]).bytes)
            if rig.ask(at: second) > 0 { asked.append(second) }
        }
        #expect(asked == [0, 10, 30, 70, 150])
        let now = Moment(sinceStart: .seconds(300), unixMilliseconds: 0)
        #expect(rig.fold.askedInVain(now: now).map(\.description) == ["G/N"])
    }
}

/// The one list of what belongs to one side.
@Suite struct OneSidedTopicsTests {
    private func holds(_ topic: String) -> Bool {
        OneSidedTopics(namespaces: ["spJv4.0"]).holds(Array(topic.utf8).span.bytes)
    }

    @Test(
        "Commands and states of every namespace belong to one side, also where a broker has split the namespace",
        arguments: [
            "spBv1.0/g/NCMD/n", "spBv1.0/g/DCMD/n/d", "spBv1.0/STATE/h", "spJv4.0/g/NCMD/n", "spBv1/0/g/NCMD/n",
            "spBv1/0/g/DCMD/n/d", "spBv1/0/STATE/h", "spBv1/0/a/group/with/dots/NCMD/n", "spJv4/0/g/DCMD/n/d",
            "spBv1.0/g/NCMD", "spBv1/0/g/NCMD",
        ])
    func held(_ topic: String) { #expect(holds(topic)) }

    @Test(
        "Everything else does not",
        arguments: [
            "spBv1.0/g/NDATA/n", "spBv1/0/g/NDATA/n", "spBv1/1/g/NCMD/n", "spBv1/0/NCMD/x", "STATE/host", "STATE/a/b",
            "spBv1/NCMD", "spBv1.0", "spBv1/0", "",
        ])
    func free(_ topic: String) { #expect(!holds(topic)) }

    @Test(
        "The state of a host is one by its topic and its payload",
        arguments: [
            ("STATE/EMS", "ONLINE", true), ("STATE/EMS", "OFFLINE", true), ("STATE/EMS", " offline\n", true),
            ("STATE/EMS", "{ \"online\" : true,  \"timestamp\" : 1668114759262}", true),
            ("STATE/EMS", "{\"online\":false}", true), ("STATE/EMS", "{\"running\":true}", false),
            ("STATE/EMS", "21", false), ("STATE/EMS", "", false), ("STATE/press1/temp", "ONLINE", false),
            ("STATE/", "ONLINE", false), ("STATE", "ONLINE", false), ("STATES/x", "ONLINE", false),
            ("acme/STATE/x", "ONLINE", false),
        ])
    func hosts(_ topic: String, _ payload: String, _ isState: Bool) {
        let bytes = Array(payload.utf8)
        let found = OneSidedTopics.isHostState(Array(topic.utf8).span.bytes, payload: bytes.span.bytes)
        #expect(found == isState)
    }
}
