import MQTTProtocol
import TestKit
import Testing
import Time

@testable import MQTT

@Suite("version auto: 5, and 3.1.1 for a server that does not know 5, however it says so")
struct VersionChoiceTests {
    /// What a server does with a version: says yes, says "unsupported", or nothing.
    private enum Answer { case yes, unsupported, nothing }

    /// - Returns: the versions that were tried, until one is granted and stays.
    private func dial(
        _ choice: inout VersionChoice, at now: Duration = .zero, _ answer: (ProtocolVersion, Int) -> Answer
    ) -> [ProtocolVersion] {
        var tried: [ProtocolVersion] = []
        for number in 0..<20 {
            let version = choice.next(now: now)
            tried.append(version)
            switch answer(version, number) {
            case .yes: if !choice.granted(version) { return tried }
            case .unsupported:
                _ = choice.ended(
                    .session(.refused(.unsupportedProtocolVersion, text: nil)), isAnswered: true, isDialled: true,
                    now: now)
            case .nothing: _ = choice.ended(.closedByServer, isAnswered: false, isDialled: true, now: now)
            }
        }
        return tried
    }

    @Test("a server that says so is believed at once, and asked anew each time")
    func refusal() {
        var choice = VersionChoice(.automatic)
        for _ in 0..<2 {
            #expect(dial(&choice) { version, _ in version == .v5 ? .unsupported : .yes } == [.v5, .v3_1_1])
            _ = choice.ended(.closedByServer, isAnswered: true, isDialled: true, now: .zero)
        }
    }

    @Test("a server that does not answer 5 twice, answers 3.1.1, and again not 5, is an old one for an hour")
    func silence() {
        var choice = VersionChoice(.automatic)
        let old: (ProtocolVersion, Int) -> Answer = { version, _ in version == .v5 ? .nothing : .yes }
        #expect(dial(&choice, old) == [.v5, .v5, .v3_1_1, .v5, .v3_1_1])
        _ = choice.ended(.closedByServer, isAnswered: true, isDialled: true, now: .seconds(10))
        #expect(dial(&choice, at: .seconds(20), old) == [.v3_1_1])
        _ = choice.ended(.closedByServer, isAnswered: true, isDialled: true, now: .seconds(3_700))
        #expect(dial(&choice, at: .seconds(3_700)) { _, _ in .yes } == [.v5], "it was upgraded meanwhile")
    }

    @Test("a server that was only down is not taken for an old one", arguments: 0..<8)
    func down(until: Int) {
        var choice = VersionChoice(.automatic)
        let tried = dial(&choice) { _, number in number < until ? .nothing : .yes }
        #expect(tried.last == .v5)
        // One that has spoken 5 never is.
        for _ in 0..<5 {
            _ = choice.ended(.closedByServer, isAnswered: false, isDialled: true, now: .zero)
            #expect(choice.next(now: .zero) == .v5)
        }
    }

    @Test("a real client gets in at a server that is silent to 5, and its reasons name the setting")
    func client() async throws {
        let broker = try await MisbehavingBroker.start(["v5": "silent"])
        var settings = ConnectionSettings(broker.port, id: "c", version: .automatic)
        settings.responseTimeout = .milliseconds(300)
        let client = try TestClient(settings)
        #expect(await client.connected())
        #expect(client.now.grants.map(\.version) == [.v3_1_1])
        #expect(client.now.errors.contains { $0.description.contains("broker.version") })
        client.stop()
    }
}
