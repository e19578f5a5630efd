import Foundation

/// Two machines and the diode between them: two network namespaces on a virtual cable whose return direction is cut and counted.
///
/// ```text
///  sender 10.77.0.1 ──ot0──▶ │ diode │ ──it0──▶ receiver 10.77.0.2
///                        returned: dropped, counted
/// ```
/// Each end has a permanent neighbour entry for the other and, unless told otherwise, the rules and settings of deploy/, loaded
/// before the interface comes up, as an appliance loads them.
public final class LinkNamespaces: Sendable {
    public static let senderAddress = "10.77.0.1"
    public static let receiverAddress = "10.77.0.2"
    private static let senderInterface = "ot0"
    private static let receiverInterface = "it0"

    public let sender: Namespace
    public let receiver: Namespace
    public let port: UInt16
    private let folder: TemporaryDirectory

    /// What crossed the cable, whoever sent it: every frame counts, ARP and all.
    public struct Frames: Sendable, Equatable {
        /// What the interfaces counted: sent by the sender's and by the receiver's end, received by the sender's.
        public var sent = 0
        public var sentBack = 0
        public var returned = 0
        /// What the diode stopped on its way back, by a counter of its own.
        public var stoppedByDiode = 0
        /// What the rules of deploy/ stopped: at the sender what was no frame, and at the receiver everything it wanted to say.
        public var strayAtSender = 0
        public var stoppedAtSender = 0
        public var silencedAtReceiver = 0
        /// Frames that the rules of deploy/ let out and in.
        public var framesOut = 0
        public var framesIn = 0

        public init() {}
    }

    /// Lays the cable.
    /// - Parameters:
    ///   - port: the receiver's UDP port.
    ///   - silenced: with the rules and settings of deploy/; without, the kernels speak as they like.
    ///   - diode: whether the return direction is cut, or only counted.
    public init(port: UInt16 = 7400, silenced: Bool = true, diode: Bool = true) async throws {
        self.port = port
        folder = try TemporaryDirectory("link")
        sender = try await Namespace()
        receiver = try await Namespace(beside: sender)
        let (ot, it) = (Self.senderInterface, Self.receiverInterface)
        try await sender.run(
            "ip", "link", "add", ot, "type", "veth", "peer", "name", it, "netns", receiver.processID)
        // The cable's own counter comes first at the sender's end, before any rule of the appliance.
        try await load(
            """
            table netdev diode {
                chain back {
                    type filter hook ingress device "\(ot)" priority -300; policy accept;
                    counter \(diode ? "drop" : "accept") comment "back"
                }
            }
            """, named: "diode.nft", into: sender)
        if silenced {
            try await loadDeployed("send", into: sender, interface: ot)
            try await loadDeployed("recv", into: receiver, interface: it)
        }
        let ends = [
            (sender, ot, Self.senderAddress, receiver, it, Self.receiverAddress),
            (receiver, it, Self.receiverAddress, sender, ot, Self.senderAddress),
        ]
        for (end, interface, own, otherEnd, otherInterface, other) in ends {
            try await end.run("ip", "address", "add", own + "/24", "dev", interface)
            let link = try await otherEnd.run("ip", "-brief", "link", "show", otherInterface)
            guard let hardware = link.split(separator: " ").first(where: { $0.count == 17 && $0.contains(":") }) else {
                throw CommandFailed(description: "no hardware address in \(link)")
            }
            try await end.run(
                "ip", "neighbour", "replace", other, "lladdr", String(hardware), "nud", "permanent", "dev", interface)
        }
        for (end, interface, _, _, _, _) in ends { try await end.run("ip", "link", "set", interface, "up") }
    }

    /// Takes the rules of deploy/nftables and the settings of deploy/sysctl as they are, with this cable's values.
    private func loadDeployed(_ side: String, into end: Namespace, interface: String) async throws {
        let deploy = Executable.projectRoot + "/deploy/"
        var rules = try String(contentsOfFile: deploy + "nftables/diode-\(side).nft", encoding: .utf8)
        rules = rules.replacing(#/define LINK = .*/#, with: "define LINK = \"\(interface)\"")
        rules = rules.replacing(#/define RECEIVER = .*/#, with: "define RECEIVER = \(Self.receiverAddress)")
        rules = rules.replacing(#/define PORT = .*/#, with: "define PORT = \(port)")
        try await load(rules, named: "diode-\(side).nft", into: end)

        let settings = try String(contentsOfFile: deploy + "sysctl/60-diode-\(side).conf", encoding: .utf8)
        for line in settings.split(separator: "\n") {
            // net.core belongs to the machine, not to a namespace: a test leaves it alone.
            let parts = line.replacing("eth1", with: interface).split(separator: " = ")
            guard parts.count == 2, parts[0].hasPrefix("net.ipv") else { continue }
            let file = "/proc/sys/" + parts[0].replacing(".", with: "/")
            try await end.run("sh", "-c", "echo \(parts[1]) > \(file)")
        }
    }

    private func load(_ rules: String, named name: String, into end: Namespace) async throws {
        try await end.run("nft", "--file", try folder.write(name, rules + "\n"))
    }

    /// Everything counted so far.
    public func frames() async throws -> Frames {
        var frames = Frames()
        let atSender = try await interfaceCounters(sender, Self.senderInterface)
        let atReceiver = try await interfaceCounters(receiver, Self.receiverInterface)
        frames.sent = atSender.transmitted
        frames.sentBack = atReceiver.transmitted
        frames.returned = atSender.received
        let sendersRules = try await sender.run("nft", "list", "ruleset")
        let receiversRules = try await receiver.run("nft", "list", "ruleset")
        frames.stoppedByDiode = counter("back", in: sendersRules)
        frames.framesOut = counter("frames", in: sendersRules)
        frames.strayAtSender = counter("stray", in: sendersRules)
        frames.stoppedAtSender = counter("returned", in: sendersRules)
        frames.framesIn = counter("frames", in: receiversRules)
        frames.silencedAtReceiver = counter("silenced", in: receiversRules)
        return frames
    }

    private func interfaceCounters(_ end: Namespace, _ interface: String) async throws -> (
        received: Int, transmitted: Int
    ) {
        struct Link: Decodable {
            struct Statistics: Decodable {
                struct Direction: Decodable { var packets: Int }
                var rx: Direction
                var tx: Direction
            }
            var stats64: Statistics
        }
        let json = try await end.run("ip", "-json", "-statistics", "link", "show", interface)
        guard let link = try JSONDecoder().decode([Link].self, from: Foundation.Data(json.utf8)).first else {
            throw CommandFailed(description: "no statistics of \(interface)")
        }
        return (link.stats64.rx.packets, link.stats64.tx.packets)
    }

    /// The packets of `counter packets N bytes M … comment "name"`.
    private func counter(_ name: String, in rules: String) -> Int {
        let line = rules.split(separator: "\n").first { $0.contains("comment \"\(name)\"") }
        guard let match = line?.firstMatch(of: #/counter packets (\d+)/#) else { return 0 }
        return Int(match.output.1) ?? 0
    }
}
