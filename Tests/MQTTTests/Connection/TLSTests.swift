import Glibc
import MQTT
import TestKit
import Testing
import MQTTProtocol

@Suite("A connection over TLS", .timeLimit(.minutes(2)))
struct TLSTests {
    private func broker(_ certificates: Certificates, clientCertificate: Bool = false) async throws -> Broker {
        var settings = Broker.Settings()
        settings.certificates = certificates
        settings.requiresClientCertificate = clientCertificate
        return try await Broker.start(settings)
    }

    private func settings(_ broker: Broker, host: String = "localhost", _ tls: TLSSettings) -> ConnectionSettings {
        var settings = ConnectionSettings(broker.port, id: "c\(Int.random(in: 0..<1_000_000))")
        settings.host = host
        settings.tls = tls
        return settings
    }

    /// The first error of a connection that cannot come about.
    private func fault(_ settings: ConnectionSettings) async throws -> ConnectionError? {
        let client = try TestClient(settings)
        #expect(await eventually { !client.now.errors.isEmpty })
        return client.now.errors.first
    }

    @Test("Messages large and small pass, by name and by address", arguments: ["localhost", "127.0.0.1"])
    func roundTrip(host: String) async throws {
        let certificates = try await Certificates.shared()
        let broker = try await broker(certificates)
        let tls = TLSSettings(authorityFile: certificates.authority)
        let subscriber = try TestClient(settings(broker, host: host, tls))
        #expect(try await subscriber.subscribe(Subscription("t", qos: .exactlyOnce)) == [.grantedQoS2])
        let publisher = try TestClient(settings(broker, host: host, tls))
        let sizes = [0, 1, 16_384, 70_000, 1_000_000, 3] + Array(repeating: 100, count: 3_000)
        for (token, size) in sizes.enumerated() {
            try publisher.connection.publish(
                topic: "t", payload: Array(repeating: 0x61, count: size), qos: .atLeastOnce, token: UInt64(token))
        }
        #expect(await publisher.settled(sizes.count).allSatisfy { $0.outcome == .delivered(.success) })
        #expect(await subscriber.messages(sizes.count).map(\.payload.count) == sizes)
    }

    @Test("A client certificate is shown to a broker that demands one; without it the broker's refusal is told")
    func clientCertificate() async throws {
        let certificates = try await Certificates.shared()
        let broker = try await broker(certificates, clientCertificate: true)
        let client = try TestClient(
            settings(
                broker,
                TLSSettings(
                    authorityFile: certificates.authority, certificateFile: certificates.clientCertificate,
                    keyFile: certificates.clientKey)))
        #expect(await client.connected())
        // The broker's alert races with its closing, which discards our unread CONNECT by a reset: some attempts only see the end.
        var errors: [String] = []
        while errors.count < 50, !errors.contains(where: { $0.contains("certificate required") }) {
            let error = try await fault(settings(broker, TLSSettings(authorityFile: certificates.authority)))
            errors.append(String(describing: error))
        }
        #expect(errors.last?.contains("certificate required") == true, "\(errors)")
    }

    @Test("A certificate of a stranger, or for another name, is refused and the error says why")
    func untrusted() async throws {
        let certificates = try await Certificates.shared()
        let strangers = try await Certificates(hosts: "DNS:elsewhere.example")
        let broker = try await broker(certificates)
        let other = try await self.broker(strangers)
        #expect(
            try await fault(settings(broker, TLSSettings(authorityFile: strangers.authority)))
                == .tls(.untrusted(server: "localhost", reason: "self-signed certificate in certificate chain")))
        #expect(
            try await fault(settings(other, TLSSettings(authorityFile: strangers.authority)))
                == .tls(.untrusted(server: "localhost", reason: "hostname mismatch")))
        #expect(
            try await fault(settings(other, host: "127.0.0.1", TLSSettings(authorityFile: strangers.authority)))
                == .tls(.untrusted(server: "127.0.0.1", reason: "IP address mismatch")))
        let named = TLSSettings(authorityFile: strangers.authority, serverName: "elsewhere.example")
        let client = try TestClient(settings(other, named))
        #expect(await client.connected())
    }

    @Test("A server that speaks no TLS, or only an old one, is refused")
    func notTLS() async throws {
        let certificates = try await Certificates.shared()
        let plain = try await Broker.start()
        guard case .tls(.failed) = try await fault(settings(plain, TLSSettings(authorityFile: certificates.authority)))
        else {
            Issue.record("accepted")
            return
        }
        let port = freePort()
        let old = try Child(
            [
                "openssl", "s_server", "-www", "-accept", "127.0.0.1:\(port)", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0",
                "-cert",
                certificates.serverCertificate, "-key", certificates.serverKey,
            ])
        #expect(await eventually { acceptsConnections(port) })
        var settings = settings(plain, TLSSettings(authorityFile: certificates.authority))
        settings.port = port
        let error = try await fault(settings)
        #expect("\(String(describing: error))".contains("alert protocol version"), "\(String(describing: error))")
        try await old.terminate()
    }

    @Test("A file that is missing, or a key of another certificate, is named before anything is dialled")
    func files() async throws {
        let certificates = try await Certificates.shared()
        func fault(_ tls: TLSSettings) -> ConnectionError? {
            var settings = ConnectionSettings(1, id: "x")
            settings.tls = tls
            let observer = Connection.Observer(changed: { _ in }, received: { _ in })
            do throws(ConnectionError) { _ = try Connection(settings, observer: observer) } catch { return error }
            return nil
        }
        #expect(
            fault(TLSSettings(certificateFile: "/nowhere.pem", keyFile: certificates.clientKey))
                == .tls(.certificateFile(path: "/nowhere.pem", reason: "No such file or directory")))
        #expect(
            fault(TLSSettings(certificateFile: certificates.clientCertificate, keyFile: certificates.serverKey))
                == .tls(.keyFile(path: certificates.serverKey, reason: "key values mismatch")))
        guard case .tls(.authorityFile) = fault(TLSSettings(authorityFile: certificates.clientKey)) else {
            Issue.record("accepted")
            return
        }
    }
}
