import Foundation
import Glibc
import TestKit

/// A way for messages from one broker to another, of real processes: the pair, or what does the same without a diode.
///
/// Both brokers are mosquitto with the same settings: no limit to its queues or to messages in flight, so that a slow
/// neighbour costs time and not messages.
final class MessageWay: Sendable {
    let name: String
    /// The port of the OT broker, where load goes in.
    let entrance: UInt16
    /// The port of the IT broker, where it comes out.
    let exit: UInt16
    private let brokers: [Broker]
    private let pair: DiodePair?

    private static let brokerLines = ["max_queued_messages 0", "max_inflight_messages 20000", "set_tcp_nodelay true"]

    private init(_ name: String, ot: Broker, it: Broker, pair: DiodePair? = nil) {
        self.name = name
        entrance = ot.port
        exit = it.port
        brokers = ot === it ? [ot] : [ot, it]
        self.pair = pair
    }

    /// One broker: what publisher, broker and consumer take by themselves.
    static func broker() async throws -> MessageWay {
        let broker = try await Broker.start(lines: brokerLines)
        return MessageWay("one broker", ot: broker, it: broker)
    }

    /// mosquitto's own bridge between two brokers, by MQTT 5.
    static func bridge() async throws -> MessageWay {
        let it = try await Broker.start(lines: brokerLines)
        let lines = [
            "connection bench", "address 127.0.0.1:\(it.port)", "topic \(LoadMessage.filter) out 1",
            "bridge_protocol_version mqttv50", "cleansession true", "notifications false", "try_private false",
            "restart_timeout 1",
        ]
        let ot = try await Broker.start(lines: brokerLines + lines)
        return MessageWay("bridge", ot: ot, it: it)
    }

    /// diode-send and diode-recv with their defaults, on a link that is never the limit.
    /// - Parameters:
    ///   - state: the folder of both databases; nil puts them beside the configurations, on disk.
    ///   - faults: of the link; nil leaves the relay out.
    static func diode(state: String? = nil, faults: LinkFaults? = nil) async throws -> MessageWay {
        let ot = try await Broker.start(lines: brokerLines)
        let it = try await Broker.start(lines: brokerLines)
        var settings = DiodePair.Settings()
        settings.export = [LoadMessage.filter]
        settings.rate = "10Gbit/s"
        settings.faults = faults
        settings.sender = ["beat": "\"1s\"", "snapshot": "{ period: \"30s\" }", "journal": "{ min_free: \"0\" }"]
        if let state {
            settings.sender["state"] = "\"\(state)/send.db\""
            settings.receiver["state"] = "\"\(state)/recv.db\""
        }
        let pair = try await DiodePair(ot: ot, it: it, settings)
        try pair.startReceiver()
        try pair.startSender()
        return MessageWay("pair", ot: ot, it: it, pair: pair)
    }

    /// Waits until both ends of the pair are well.
    func waitUntilOpen() async throws { try await pair?.waitUntilWell() }

    /// Ends the IT broker, for good.
    func stopExit() async throws { try await brokers.last?.kill9() }

    /// What one side of the pair says about itself.
    func status(_ side: DiodePair.Side) async throws -> [String: Any] {
        guard let answer = try await pair?.status(side).output else { return [:] }
        return (try? JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any]) ?? [:]
    }

    /// Of the receiver's account: records that wait for the IT broker.
    func receiverTotals() async throws -> (outbox: Int, delivered: Int) {
        let links = try await status(.receiver)["links"] as? [[String: Any]]
        let totals = links?.first?["totals"] as? [String: Any]
        return ((totals?["outbox"] as? Int) ?? 0, (totals?["delivered"] as? Int) ?? 0)
    }

    /// Topics that the receiver's replica holds.
    func receiverTopics() async throws -> Int {
        let links = try await status(.receiver)["links"] as? [[String: Any]]
        return ((links?.first?["replica"] as? [String: Any])?["topics"] as? Int) ?? 0
    }

    /// From now on the link hurts like this. Only on a way that was made with faults.
    func hurt(_ faults: LinkFaults) { pair?.relay?.faults = faults }

    /// Frames that the sender has not sent now: forged and replayed ones.
    var hostileFrames: Int { pair?.relay.map { Int($0.counts.forged + $0.counts.replayed) } ?? 0 }

    /// What a database of the pair takes, its log included.
    func databaseBytes(_ name: String) -> Int {
        guard let folder = pair?.folder else { return 0 }
        return ["", "-wal"].reduce(0) { sum, suffix in
            let attributes = try? FileManager.default.attributesOfItem(atPath: folder.file(name + suffix))
            return sum + ((attributes?[.size] as? Int) ?? 0)
        }
    }

    /// What sender and receiver hold in memory.
    var residentBytes: (sender: Int, receiver: Int) {
        (Self.residentBytes(pair?.sender?.processID), Self.residentBytes(pair?.receiver?.processID))
    }

    /// The second field of /proc/PID/statm (proc(5)): resident pages.
    private static func residentBytes(_ process: pid_t?) -> Int {
        guard let process, let text = try? String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return 0 }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    /// Processor seconds that all its processes have taken so far.
    var processorSeconds: Double {
        processes.reduce(0) { $0 + Self.processorSeconds(of: $1) }
    }

    /// What the two commands print when they fail.
    var errors: String { [pair?.sender, pair?.receiver].compactMap { $0?.errors }.joined() }

    func stop() async throws {
        try await pair?.stop()
        for broker in brokers { try await broker.stop() }
    }

    private var processes: [pid_t] {
        brokers.compactMap(\.processID) + [pair?.sender, pair?.receiver].compactMap { $0?.processID }
    }

    /// Fields 14 and 15 of /proc/PID/stat (proc(5)): ticks in user and kernel mode.
    private static func processorSeconds(of process: pid_t) -> Double {
        guard let file = fopen("/proc/\(process)/stat", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 1_024)
        guard fgets(&line, 1_023, file) != nil else { return 0 }
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // The second field is the program's name in parentheses, which may hold spaces.
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[12]), let system = Double(fields[13]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
