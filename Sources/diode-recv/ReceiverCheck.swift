internal import Commands
internal import Configuration
internal import Crypto
internal import DatagramListening
internal import Datagrams
internal import DiodeProtocol
internal import JSON
internal import KeyFiles
internal import ReceiverIT

/// `diode-recv check`: one line a check, then the effective configuration.
enum ReceiverCheck {
    static func run(_ invocation: Invocation) throws -> ExitCode {
        let path = invocation.required("--config")
        let configuration = try ReceiverConfiguration(path: path)
        var report = CheckReport()
        report.pass("config", path)
        for link in configuration.links { checkCards(link, path, &report) }
        for path in configuration.sealKeys {
            do throws(KeyFileError) {
                let key = try KeyFile.readX25519(path.resolved)
                report.pass("seal key", "\(path)  \(SealCard.fingerprint(of: key.publicKey))")
            } catch { report.fail("seal key", error.description) }
        }
        report.checkBroker(configuration.broker)
        let isRunning = report.checkState(configuration.state)
        report.checkDisk(configuration.state, least: .mebibytes(64))
        var seen: Set<ListeningAddress> = []
        for listening in configuration.links.flatMap(\.listen) where seen.insert(listening).inserted {
            checkListening(listening, isRunning: isRunning, &report)
        }
        report.checkStatusPage(configuration.status)
        for line in report.lines { Terminal.line(line) }
        Terminal.line("\n" + configuration.effective.page)
        return report.isGood ? .success : .failure
    }

    private static func checkCards(
        _ link: ReceiverConfiguration.Link, _ path: String, _ report: inout CheckReport
    ) {
        for place in link.cards {
            do throws(CardFileError) {
                let card = try CardFile.read(place.resolved)
                guard card.link == link.name else {
                    report.fail("card", "\(place): is for link \"\(card.link)\", not for \"\(link.name)\"")
                    continue
                }
                report.pass("card", "\(place)  \(card.fingerprint)")
            } catch {
                let cure = error.isMissing ? "; not paired yet: diode-recv pair --config \(path) CARD" : ""
                report.fail("card", error.description + cure)
            }
        }
        checkRevocations(link, &report)
    }

    /// Which keys are not followed.
    private static func checkRevocations(
        _ link: ReceiverConfiguration.Link, _ report: inout CheckReport
    ) {
        do throws(RevocationFileError) {
            for revocation in try RevocationFile.read(besideCard: link.cards[0].resolved) {
                report.note("revoked", "\(revocation.fingerprint): \(revocation.reason)")
            }
        } catch { report.fail("revoked", error.description) }
    }

    /// Whether frames could be received; a running daemon has the socket by right.
    private static func checkListening(
        _ listening: ListeningAddress, isRunning: Bool, _ report: inout CheckReport
    ) {
        if isRunning { return report.note("listen", "\(listening): not tested, the daemon listens there") }
        do throws(DatagramError) {
            let wanted = DatagramListener.Settings(interface: listening.interface)
            let endpoint = listening.address
            let listener = try DatagramListener(
                on: SocketAddress(host: endpoint.host, port: endpoint.port, passive: true), settings: wanted)
            report.pass("listen", listening.description)
            if listening.interface == nil, !endpoint.isLoopback {
                report.note(
                    "listen",
                    "\(endpoint): datagrams of every network interface come in here; name the link's:"
                        + " { address: \"\(endpoint)\", interface: … }")
            }
            guard listener.receiveBufferBytes < wanted.receiveBufferBytes else { return }
            report.note(
                "buffer",
                "\(listener.receiveBufferBytes >> 10)KiB of receive buffer instead of \(wanted.receiveBufferBytes >> 10)KiB:"
                    + " bursts will be lost; set net.core.rmem_max=\(wanted.receiveBufferBytes) or give CAP_NET_ADMIN")
        } catch { report.fail("listen", error.description) }
    }
}
