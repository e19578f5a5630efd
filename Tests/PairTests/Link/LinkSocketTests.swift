import Foundation
import TestKit
import Testing

/// The link's socket takes what the diode brings, and nothing else: the IT network cannot speak to it.
@Suite(
    "The link socket belongs to the link", .timeLimit(.minutes(2)),
    .enabled("ALLOW_SKIP=1, and network namespaces are not allowed here") {
        let mayBeSkipped = ProcessInfo.processInfo.environment["ALLOW_SKIP"] == "1"
        if !mayBeSkipped { return true }
        return await Namespace.isAllowed()
    })
struct LinkSocketTests {
    private static let officeAddress = "10.78.0.2"
    private static let receiverAddress = "10.78.0.1"

    /// The receiver's second interface, and somebody in the IT network behind it, who knows the way to the link's address too.
    private func office(beside link: LinkNamespaces) async throws -> Namespace {
        let office = try await Namespace(beside: link.sender)
        try await link.receiver.run(
            "ip", "link", "add", "lan0", "type", "veth", "peer", "name", "office0", "netns", office.processID)
        for (end, interface, address) in [
            (link.receiver, "lan0", Self.receiverAddress), (office, "office0", Self.officeAddress),
        ] {
            try await end.run("ip", "address", "add", address + "/24", "dev", interface)
            try await end.run("ip", "link", "set", interface, "up")
        }
        try await office.run(
            "ip", "route", "add", LinkNamespaces.receiverAddress + "/32", "via", Self.receiverAddress)
        return office
    }

    /// Sends 500 datagrams to each of the receiver's addresses, from the IT network.
    private func intrude(_ office: Namespace, port: UInt16) async throws {
        for address in [Self.receiverAddress, LinkNamespaces.receiverAddress] {
            try await office.run("python3", OneWayTests.script, "send", address, String(port), "500", "200")
        }
    }

    /// What a listener on all addresses gets of that, and of 500 that come over the link.
    private func heard(_ link: LinkNamespaces, _ office: Namespace) async throws -> Int {
        let listener = try Child(
            ["python3", OneWayTests.script, "listen", "0.0.0.0", String(link.port)], namespace: link.receiver)
        let isReady = await eventually { listener.output == "READY\n" }
        try #require(isReady, "\(listener.errors)")
        try await intrude(office, port: link.port)
        try await link.sender.run(
            "python3", OneWayTests.script, "send", LinkNamespaces.receiverAddress, String(link.port), "500", "200")
        try await listener.terminate()
        return Int(listener.lines.last ?? "") ?? -1
    }

    @Test(
        "P4 with the rules of deploy/ no datagram from another interface reaches the link's port, and all of the link's do"
    )
    func rules() async throws {
        let link = try await LinkNamespaces()
        let office = try await office(beside: link)
        #expect(try await heard(link, office) == 500)
        let counted = try await link.receiver.run("nft", "list", "table", "inet", "uns_diode")
        #expect(counted.contains("counter packets 1000"), "\(counted)")
        // Without them all of it arrives: the test would show nothing.
        try await link.receiver.run("nft", "delete", "table", "inet", "uns_diode")
        #expect(try await heard(link, office) == 1_500)
    }

    @Test(
        "P4 a receiver whose listen names the link's interface hears nothing of another, without any rule; check names what is wrong"
    )
    func interface() async throws {
        let link = try await LinkNamespaces(silenced: false)
        let office = try await office(beside: link)
        let folder = try TemporaryDirectory("listen")
        func configuration(_ interface: String, _ name: String) throws -> String {
            try folder.write(
                name,
                """
                { links: [{ listen: [{ address: "0.0.0.0:\(link.port)", interface: "\(interface)" }] }],
                  broker: { url: "mqtt://127.0.0.1:1" }, state: "recv.db", status: null }
                """)
        }
        let right = try configuration("it0", "recv.json5")
        let keygen = try await run([
            Executable.path("diode-send"), "keygen", "--link", "plant-a", "--out", folder.path,
        ])
        #expect(keygen.exit == .code(0), "\(keygen.errors)")
        let receiver = [Executable.path("diode-recv")]
        let wrong = try await run(
            receiver + ["check", "--config", try configuration("it9", "wrong.json5")], namespace: link.receiver)
        #expect(wrong.exit == .code(1))
        #expect(wrong.output.contains("no network interface of this name"), "\(wrong.output)")
        let daemon = try Child(receiver + ["run", "--config", right], namespace: link.receiver)
        func datagrams() async throws -> Int? {
            let status = try await run(receiver + ["status", "--json", "--config", right], namespace: link.receiver)
            let match = status.output.firstMatch(of: /"datagrams": ?([0-9]+)/)
            return match.flatMap { Int($0.output.1) }
        }
        #expect(try await eventually { try await datagrams() == 0 }, "\(daemon.errors)")
        try await intrude(office, port: link.port)
        try await link.sender.run(
            "python3", OneWayTests.script, "send", LinkNamespaces.receiverAddress, String(link.port), "500", "200")
        #expect(try await eventually { try await datagrams() == 500 })
        #expect(try await daemon.terminate() == .code(0))
    }
}
