internal import Commands
internal import Configuration
internal import Control
internal import DiodeProtocol
internal import KeyFiles
internal import ReceiverIT
internal import Threading

/// `diode-recv revoke`: from the next start on a key of a link is not followed, and nothing that it signs counts.
enum Revoke {
    private static let maximumReasonBytes = 1_000

    static func run(_ invocation: Invocation) throws -> ExitCode {
        let name = invocation.required("--link")
        guard let fingerprint = try OperatorRequest.fingerprint(invocation, "--key") else { return .usage }
        let reason = invocation.required("--reason")
        guard reason.utf8.allSatisfy({ 0x20...0x7E ~= $0 }), reason.utf8.contains(where: { $0 > 0x20 }),
            reason.utf8.count <= maximumReasonBytes
        else { throw UsageError("--reason: allowed are 1…\(maximumReasonBytes) printable ASCII characters") }
        let path = invocation.required("--config")
        let configuration = try ReceiverConfiguration(path: path)
        guard let link = configuration.links.first(where: { $0.name == name }) else {
            let names = configuration.links.map(\.name).joined(separator: ", ")
            throw Program.Failure("\(path) has no link \"\(name)\"; it has: \(names)")
        }
        let card = link.cards[0].resolved
        let lock = try StoppedDaemon.lock(configuration.state.resolved, "diode-recv", to: "revoke")
        guard try !RevocationFile.read(besideCard: card).contains(where: { $0.fingerprint == fingerprint }) else {
            throw Program.Failure("\(fingerprint) was revoked before")
        }
        let revocation = Revocation(
            fingerprint: fingerprint, at: UnixClock.now(),
            account: ControlPeer.own.description.filter { $0 != " " }, reason: reason)
        try RevocationFile.add(revocation, besideCard: card)
        withExtendedLifetime(lock) {}
        Terminal.line(
            "revoked: \(fingerprint), in \(RevocationFile.path(ofCard: card)); it holds from the next start on")
        return .success
    }
}
