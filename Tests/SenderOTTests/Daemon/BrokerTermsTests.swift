import DiodeProtocol
import Foundation
import MQTT
import MQTTProtocol
import TestKit
import Testing
import Threading

@testable import SenderOT

/// What an OT broker cannot do is said, and the rest works: `diode-send run` against brokers with limits.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct BrokerTermsTests {
    private func export(_ filters: [String]) -> String {
        "[" + filters.map { "{ filter: '\($0)' }" }.joined(separator: ", ") + "]"
    }

    private func publish(_ topics: [String], on broker: some MQTTServer, retain: Bool = false) async throws {
        var settings = ConnectionSettings(host: "127.0.0.1", port: broker.port)
        settings.clientIdentifier = "plant-\(UInt64.random(in: 0 ... .max))"
        let settled = Lock(0)
        let connection = try Connection(
            settings,
            observer: Connection.Observer(
                changed: { _ in },
                received: { batch in
                    let count = batch.settlements.count
                    settled.withLock { $0 += count }
                }))
        try connection.start()
        for topic in topics {
            try connection.publish(topic: topic, payload: Array(topic.utf8), qos: .atLeastOnce, retain: retain)
        }
        #expect(await eventually(.seconds(20)) { settled.withLock { $0 } == topics.count })
        connection.stop()
    }

    private func fetches(_ sender: RunningSender) -> Int {
        sender.child.errors.components(separatedBy: "retained.fetched").count - 1
    }

    @Test(
        "P2 absence is not proof: a broker that cuts what it retains, at a rate, at a number or for a while, makes us delete nothing",
        arguments: [["retained_cap": "100"], ["retained_pause": "20"], ["retained_most": "47"]])
    func retainedCut(options: [String: String]) async throws {
        let broker = try await MisbehavingBroker.start(options)
        let topics = (0..<40).map { "acme/t/\($0)" }
        try await publish(topics, on: broker, retain: true)
        let sender = try await RunningSender(broker)
        defer { sender.sink.stop() }
        #expect(await sender.records(atLeast: 40).count == 40)
        #expect(await eventually { fetches(sender) == 1 })
        // These come live. The next fetch shows fewer than there are.
        try await publish((40..<53).map { "acme/t/\($0)" }, on: broker, retain: true)
        #expect(await sender.records(atLeast: 53).count == 53)
        try await publish((53..<54).map { "acme/t/\($0)" }, on: broker, retain: true)
        try sender.rewrite(["export": "[{ filter: 'acme/#', except: ['acme/none'] }]"])
        sender.child.send(SIGHUP)
        #expect(await eventually(.seconds(40)) { fetches(sender) == 2 })
        try await publish(["acme/last"], on: broker)
        let records = await sender.records(atLeast: 55)
        #expect(records.contains { $0.topic == "acme/last" })
        #expect(records.allSatisfy { !$0.payload.isEmpty }, "\(records.filter(\.payload.isEmpty).map(\.topic))")
        #expect(try await sender.child.terminate() == .code(0))
    }

    @Test("D6 a small plant whose broker lost its database is held as a whole, alarmed, and released by an operator")
    func smallPlant() async throws {
        let broker = try await Broker.start()
        let topics = (0..<60).map { "acme/t/\($0)" }
        try await publish(topics, on: broker, retain: true)
        let sender = try await RunningSender(broker)
        defer { sender.sink.stop() }
        #expect(await sender.records(atLeast: 60).count == 60)
        #expect(await eventually { fetches(sender) == 1 })
        try await broker.kill9()
        try await broker.restart()
        let isHeld = try await eventually(.seconds(40)) {
            try await sender.alarms().contains("60 of 60 retained values")
        }
        #expect(isHeld)
        try await publish(["acme/last"], on: broker)
        let before = await sender.records(atLeast: 61)
        #expect(before.allSatisfy { !$0.payload.isEmpty })
        let command = [Executable.path("diode-send"), "accept-deletions", "--config", sender.configuration]
        #expect(try await run(command).output == "60 retained values are deleted\n")
        let after = await sender.records(atLeast: 121)
        #expect(Set(after.filter(\.payload.isEmpty).map(\.topic)) == Set(topics))
        #expect(try await sender.child.terminate() == .code(0))
    }

    @Test("P2 what a SIGHUP newly exports is fetched each time, also on a busy machine")
    func reloads() async throws {
        let rounds = 15
        let broker = try await Broker.start()
        try await publish((0..<rounds).map { "n\($0)/x" }, on: broker, retain: true)
        let sender = try await RunningSender(broker)
        defer { sender.sink.stop() }
        // Whoever is interrupted behind the queued request finds the answer already there.
        let load = try (0..<4).map { _ in try Child(["sh", "-c", "while :; do :; done"]) }
        defer { for child in load { child.send(SIGKILL) } }
        for round in 0..<rounds {
            try sender.rewrite(["export": export(["acme/#"] + (0...round).map { "n\($0)/#" })])
            sender.child.send(SIGHUP)
            let records = await sender.records(atLeast: round + 1, .seconds(15))
            try #require(records.contains { $0.topic == "n\(round)/x" }, "round \(round)")
        }
        #expect(try await sender.child.terminate() == .code(0))
    }

    @Test(
        "P9 more filters than a SUBSCRIBE may have, or than fit the broker's packets, are all subscribed to",
        arguments: [["max_filters": "8"], ["max_filters": "1"], ["max_packet": "100"]])
    func manyFilters(options: [String: String]) async throws {
        let broker = try await MisbehavingBroker.start(options)
        try await publish(["plant3/kept"], on: broker, retain: true)
        let filters = (0..<12).map { "plant\($0)/#" }
        let sender = try await RunningSender(broker, keys: ["export": export(filters)])
        defer { sender.sink.stop() }
        #expect(await eventually(.seconds(40)) { fetches(sender) == 1 }, "\(sender.child.errors)")
        try await publish((0..<12).map { "plant\($0)/live" }, on: broker)
        let records = await sender.records(atLeast: 13)
        #expect(Set(records.map(\.topic)) == Set((0..<12).map { "plant\($0)/live" } + ["plant3/kept"]))
        #expect(try await sender.alarms() == "")
        #expect(try await sender.child.terminate() == .code(0))
    }

    @Test(
        "P9 a broker that refuses the broader filter of rules that overlap: theirs are subscribed to, and an alarm says what that costs"
    )
    func refusedBroadFilter() async throws {
        let broker = try await MisbehavingBroker.start(["refuse_filter": "^acme/[+]/#$"])
        try await publish(["acme/line1/kept"], on: broker, retain: true)
        let sender = try await RunningSender(broker, keys: ["export": export(["acme/+/temp", "acme/line1/#"])])
        defer { sender.sink.stop() }
        #expect(await eventually(.seconds(40)) { fetches(sender) == 1 }, "\(sender.child.errors)")
        try await publish(["acme/line2/temp", "acme/line1/x"], on: broker)
        let records = await sender.records(atLeast: 3)
        #expect(Set(records.map(\.topic)) == ["acme/line1/kept", "acme/line2/temp", "acme/line1/x"])
        #expect(try await sender.alarms().contains("may come twice"))
        #expect(try await sender.child.terminate() == .code(0))
    }

    @Test(
        "P9 a filter that the broker refuses, hangs up at, or cannot take for its length is named, and the others work")
    func offendingFilters() async throws {
        let long = "long/" + String(repeating: "x", count: 300)
        let broker = try await MisbehavingBroker.start([
            "refuse_filter": "^secret/", "close_filter": "^poison/", "max_packet": "250",
        ])
        let sender = try await RunningSender(
            broker, keys: ["export": export(["acme/#", "secret/#", "poison/#", long, "last/#"])])
        defer { sender.sink.stop() }
        let isSaid = try await eventually(.seconds(40)) {
            let alarms = try await sender.alarms()
            return alarms.contains("refuses the subscription secret/#")
                && alarms.contains("ends the connection at the subscription poison/#")
                && alarms.contains("packets of 250 bytes")
        }
        #expect(isSaid, "\(sender.child.errors)")
        try await publish(["acme/a", "last/a"], on: broker)
        #expect(Set(await sender.records(atLeast: 2).map(\.topic)) == ["acme/a", "last/a"])
        let status = try await run([Executable.path("diode-send"), "status", "--config", sender.configuration])
        #expect(status.exit == .code(3))
        let isBeaten = await eventually {
            sender.sink.snapshot.beats.last?.alarms.contains { $0.contains("secret/#") } ?? false
        }
        #expect(isBeaten)
        #expect(try await sender.child.terminate() == .code(0))
    }

    @Test("P9 a short session, a low QoS, no retained messages and no wildcards are said in check, status and beat")
    func terms() async throws {
        let broker = try await MisbehavingBroker.start([
            "session_expiry": "60", "max_qos": "1", "retain_available": "0", "wildcard": "0",
        ])
        let sender = try await RunningSender(broker, keys: ["export": export(["acme/a", "acme/b/#"])])
        defer { sender.sink.stop() }
        let expected = ["keeps our queue for 60 s", "no retained messages", "QoS 1", "nothing of acme/b/# arrives"]
        let isSaid = try await eventually {
            let alarms = try await sender.alarms()
            return expected.allSatisfy(alarms.contains)
        }
        #expect(isSaid, "\(sender.child.errors)")
        #expect(await eventually { sender.sink.snapshot.beats.last?.alarms.contains { $0.contains("60 s") } ?? false })
        try await publish(["acme/a"], on: broker)
        #expect(await sender.records(atLeast: 1).map(\.topic) == ["acme/a"])
        let check = try await run([Executable.path("diode-send"), "check", "--config", sender.configuration])
        #expect(check.output.contains("keeps our queue for 60 s"))
        #expect(try await sender.child.terminate() == .code(0))
    }

    @Test(
        "P9 a broker that takes all connections of a user for one client: said, nothing queued is lost, and all of it crosses"
    )
    func oneClientForAUser() async throws {
        var settings = Broker.Settings()
        settings.users = ["diode": "secret", "plant": "secret"]
        settings.lines = ["use_username_as_clientid true", "max_queued_messages 0"]
        let broker = try await Broker.start(settings)
        let folder = try TemporaryDirectory("password")
        let password = try folder.write("password", "secret\n")
        let keys = ["broker": "{ url: '\(broker.url)', username: 'diode', password_file: '\(password)' }"]
        let plant = ["mosquitto_pub", "-V", "mqttv5", "-p", "\(broker.port)", "-u", "plant", "-P", "secret", "-q", "1"]
        let sender = try await RunningSender(broker, keys: keys)
        defer { sender.sink.stop() }
        for number in 0..<40 { try await runSuccessfully(plant + ["-t", "acme/\(number)", "-m", "1"]) }
        #expect(Set(await sender.records(atLeast: 40).map(\.topic)).count == 40)
        #expect(try await eventually(.seconds(20)) { try await sender.alarms().contains("for one client") })
        #expect(await eventually { sender.sink.snapshot.stream.drops.isEmpty })
        let connects = sender.child.errors.components(separatedBy: "broker.connected").count - 1
        #expect(connects <= 4, "\(sender.child.errors)")
        #expect(try await sender.child.terminate() == .code(0))
    }

    @Test("a broker that knows MQTT 3.1.1 alone and closes without a word is found out, and its name for it is said")
    func oldBroker() async throws {
        let broker = try await MisbehavingBroker.start(["v5": "close"])
        let sender = try await RunningSender(broker)
        defer { sender.sink.stop() }
        #expect(sender.child.errors.contains("broker.version"))
        try await publish(["acme/a"], on: broker)
        #expect(await sender.records(atLeast: 1).map(\.topic) == ["acme/a"])
        #expect(try await sender.child.terminate() == .code(0))
    }

    @Test("a password that is renewed in its file is used at the next dial, and of several addresses one that answers")
    func access() async throws {
        var settings = Broker.Settings()
        settings.users = ["diode": "old"]
        let broker = try await Broker.start(settings)
        let folder = try TemporaryDirectory("password")
        let password = try folder.write("password", "old\n")
        chmod(password, 0o644)
        let keys = [
            "broker":
                "{ url: ['mqtt://127.0.0.1:\(freePort())', '\(broker.url)'], username: 'diode', password_file: '\(password)' }"
        ]
        let sender = try await RunningSender(broker, keys: keys)
        defer { sender.sink.stop() }
        #expect(sender.child.errors.contains("broker.access"), "everybody may read the file")
        try await broker.kill9()
        try await runSuccessfully(["mosquitto_passwd", "-b", broker.folder.file("passwords"), "diode", "new"])
        try folder.write("password", "new\n")
        try await broker.restart()
        let isBack = try await eventually(.seconds(20)) {
            try await sender.status()["ot_broker"]?["state"] == "online"
                && sender.child.errors.components(separatedBy: "broker.connected").count == 3
        }
        #expect(isBack, "\(sender.child.errors)")
        #expect(try await sender.child.terminate() == .code(0))
    }
}
