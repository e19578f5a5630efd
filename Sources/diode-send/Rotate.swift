internal import Commands
internal import Configuration
internal import Crypto
internal import DiodeProtocol
internal import KeyFiles
internal import SenderOT
internal import Threading
internal import Time

/// `diode-send rotate`: the key in use hands over to a new one, which the next start signs with (ADR 0031).
///
/// ```text
///  KEY.next ─▶ statement in NAME.rotations ─▶ card ─▶ rename KEY.next to KEY
///  └── interrupted here, anywhere: the old key is in use and nobody hears of the new one; the same command goes on ──┘
/// ```
enum Rotate {
    static func run(_ invocation: Invocation) throws -> ExitCode {
        let configuration = try SenderConfiguration(path: invocation.required("--config"))
        let lock = try StoppedDaemon.lock(configuration.state.resolved, "diode-send", to: "rotate")
        let code = try rotate(configuration, invocation)
        withExtendedLifetime(lock) {}
        return code
    }

    private static func rotate(_ configuration: SenderConfiguration, _ invocation: Invocation) throws -> ExitCode {
        let path = configuration.link.key.resolved
        var signer = try KeyFile.readEd25519(path)
        let told = RotationFile.leading(to: signer.publicKey, try RotationFile.read(besideKey: path))
        if invocation.has("--forget") { return try forget(told, besideKey: path) }
        guard told.count < KeyChain.maximumCards - 1 else {
            throw Program.Failure(
                "\(told.count) keys have followed each other; once every receiver has followed, let the sender forget them: --forget"
            )
        }
        let former = LinkCard.fingerprint(of: signer.publicKey)
        var next = try nextKey(RotationFile.nextKey(path))
        let beside = CardBesideKey(of: path, link: configuration.link.name, publicKey: signer.publicKey)
        let now = UnixClock.now()
        let card = try LinkCard(
            link: configuration.link.name, signer: &next,
            lowestEpoch: beside?.card.lowestEpoch ?? Epoch(rawValue: max(1, now.rawValue)), issued: now)
        try RotationFile.replace(told + [try Rotation(to: card, signer: &signer)], besideKey: path)
        try CardFile.replace(beside?.path ?? cardPath(besideKey: path, of: configuration.link.name), card)
        try KeyFile.adopt(RotationFile.nextKey(path), as: path)
        return Terminal.line("from  \(former)\nto    \(card.fingerprint)") ? .success : .failure
    }

    /// The key that an interrupted run has left, or a new one.
    private static func nextKey(_ path: String) throws -> Ed25519Signer {
        if WholeFile.exists(path) { return try KeyFile.readEd25519(path) }
        let signer = try Ed25519Signer()
        try KeyFile.write(signer, to: path)
        return signer
    }

    private static func cardPath(besideKey key: String, of link: String) -> String {
        (key.lastIndex(of: "/").map { String(key[...$0]) } ?? "") + "\(link).card"
    }

    /// From the next start on nobody is told of earlier keys.
    private static func forget(_ told: [Rotation], besideKey key: String) throws -> ExitCode {
        guard !told.isEmpty else {
            throw Program.Failure("\(RotationFile.path(ofKey: key)): there is nothing to forget")
        }
        try RotationFile.replace([], besideKey: key)
        Terminal.line("forgotten: \(told.count) rotations; a receiver that has not followed needs the card by hand")
        return .success
    }
}
