import Foundation
import TestKit
import Testing

/// P5, shown: on a link whose return direction is cut and counted, everything works and no frame comes back. All frames count,
/// those that a kernel emits by itself among them.
@Suite(
    "One way", .timeLimit(.minutes(2)),
    .enabled("ALLOW_SKIP=1, and network namespaces are not allowed here") {
        let mayBeSkipped = ProcessInfo.processInfo.environment["ALLOW_SKIP"] == "1"
        if !mayBeSkipped { return true }
        return await Namespace.isAllowed()
    })
struct OneWayTests {
    static let script = Executable.projectRoot + "/Tests/clients/datagrams.py"

    /// Sends datagrams through the link to a listener, and returns how many arrived.
    func exchange(_ count: Int, over link: LinkNamespaces) async throws -> Int {
        let (address, port) = (LinkNamespaces.receiverAddress, String(link.port))
        let listener = try Child(["python3", Self.script, "listen", address, port], namespace: link.receiver)
        let isReady = await eventually { listener.output == "READY\n" }
        try #require(isReady, "\(listener.errors)")
        try await link.sender.run("python3", Self.script, "send", address, port, String(count), "1400")
        try await listener.terminate()
        return Int(listener.lines.last ?? "") ?? -1
    }

    /// Everything that makes a kernel say something on the receiver's end.
    func provoke(_ link: LinkNamespaces) async throws {
        // Datagrams to a port that nobody listens on: an ICMP error each. To another port, and what is not UDP: the same, or a reset.
        let address = LinkNamespaces.receiverAddress
        for port in [link.port, link.port + 1] {
            try await link.sender.run("python3", Self.script, "send", address, String(port), "3", "100")
        }
        // Without its neighbour entry it asks by ARP; the ping itself would be an answer, too.
        try await link.receiver.run("ip", "neighbour", "flush", "all", "nud", "permanent")
        _ = try await run(
            ["python3", "-c", "import socket; socket.create_connection(('\(LinkNamespaces.senderAddress)', 80), 0.3)"],
            namespace: link.receiver)
        // Down and up: gratuitous ARP, duplicate address detection, solicitations, reports.
        try await link.receiver.run("ip", "link", "set", "it0", "down")
        try await link.receiver.run("ip", "link", "set", "it0", "up")
    }

    @Test("P5 with the rules of deploy/ not one frame comes back, whatever makes the kernel speak")
    func silence() async throws {
        let link = try await LinkNamespaces()
        #expect(try await exchange(2_000, over: link) == 2_000)
        // The settings alone keep the kernel quiet while nobody provokes it; the rules are there for the rest.
        #expect(try await link.frames().silencedAtReceiver == 0)
        try await provoke(link)
        let silenced = try await eventually(.seconds(5)) { try await link.frames().silencedAtReceiver > 0 }
        #expect(silenced, "nothing was provoked: the test would show nothing")
        let frames = try await link.frames()
        #expect(frames.returned == 0)
        #expect(frames.sentBack == 0)
        #expect(frames.stoppedByDiode == 0)
        // On the way there only frames: what the sender's kernel wanted to add was stopped too.
        #expect(frames.sent == frames.framesOut)
        #expect(frames.framesIn == frames.framesOut)
        #expect(frames.framesOut == 2_003)
    }

    @Test("P5 without the rules the kernel does speak: the counters see it, and the diode stops it")
    func control() async throws {
        let link = try await LinkNamespaces(silenced: false)
        #expect(try await exchange(100, over: link) == 100)
        try await provoke(link)
        // The counters are read one after the other while the kernel may still speak: they agree once it is silent.
        var frames = LinkNamespaces.Frames()
        let agreed = try await eventually(.seconds(10)) {
            frames = try await link.frames()
            return frames.returned > 0 && frames.sentBack == frames.returned && frames.stoppedByDiode == frames.returned
        }
        #expect(agreed, "\(frames)")
    }

    @Test("P5 should the receiver's end speak even so, and no diode stop it, the sender's rules let nothing in")
    func sendersRules() async throws {
        let link = try await LinkNamespaces(diode: false)
        try await link.receiver.run("nft", "flush", "ruleset")
        try await provoke(link)
        var frames = LinkNamespaces.Frames()
        let agreed = try await eventually(.seconds(10)) {
            frames = try await link.frames()
            return frames.returned > 0 && frames.stoppedAtSender == frames.returned
        }
        #expect(agreed, "\(frames)")
    }
}
