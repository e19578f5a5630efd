import Crypto
import DiodeProtocol
import Foundation
import KeyFiles
import TestKit
import Testing

@Suite("Keys and cards", .timeLimit(.minutes(2)))
struct KeygenTests {
    private let shell: Operator

    init() throws { shell = try Operator() }

    @Test("keygen writes a 0600 key and a card, and prints the fingerprint as its only line")
    func keygen() async throws {
        let finished = try await shell.send("keygen", "--link", "plant-a", "--out", shell.folder.path)
        #expect(finished.succeeded && finished.errors.isEmpty)
        let key = shell.folder.file("plant-a.key")
        let mode = try FileManager.default.attributesOfItem(atPath: key)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let card = try LinkCard(
            parsing: Array(Data(contentsOf: URL(fileURLWithPath: shell.folder.file("plant-a.card")))))
        let publicKey = try KeyFile.readEd25519(key).publicKey
        #expect(card.key == publicKey)
        #expect(card.link == "plant-a")
        #expect(finished.output == card.fingerprint + "\n")
    }

    @Test("keygen overwrites neither a key nor a card, and leaves no half of a pair behind")
    func noOverwrite() async throws {
        _ = try await shell.keygen()
        let before = try contents("plant-a.key") + contents("plant-a.card")
        let again = try await shell.send("keygen", "--link", "plant-a", "--out", shell.folder.path)
        #expect(again.exit == .code(1) && again.output.isEmpty)
        #expect(
            again.errors == "diode-send: \(shell.folder.file("plant-a.key")): exists already and is not overwritten\n")
        #expect(try contents("plant-a.key") + contents("plant-a.card") == before)

        try shell.folder.write("plant-b.card", "precious")
        let other = try await shell.send("keygen", "--link", "plant-b", "--out", shell.folder.path)
        #expect(other.exit == .code(1))
        #expect(!FileManager.default.fileExists(atPath: shell.folder.file("plant-b.key")))
        #expect(try contents("plant-b.card") == Data("precious".utf8))

        let nowhere = try await shell.send("keygen", "--link", "plant-c", "--out", shell.folder.file("none"))
        #expect(nowhere.exit == .code(1))
        #expect(nowhere.errors.contains("\(shell.folder.file("none/plant-c.key")): cannot be written: No such file"))
    }

    @Test("a fresh card has the same key and a later lowest epoch, and replaces a card but nothing else")
    func card() async throws {
        let fingerprint = try await shell.keygen()
        let path = try shell.writeSender()
        let first = try LinkCard(parsing: Array(contents("plant-a.card")))
        let finished = try await shell.send("card", "--config", path, "--out", shell.folder.file("plant-a.card"))
        #expect(finished.succeeded && finished.output == fingerprint + "\n")
        let second = try LinkCard(parsing: Array(contents("plant-a.card")))
        #expect(second.key == first.key && second.lowestEpoch > first.lowestEpoch)

        let key = try contents("plant-a.key")
        let slip = try await shell.send("card", "--config", path, "--out", shell.folder.file("plant-a.key"))
        #expect(slip.exit == .code(1) && slip.errors.contains("is no card, so it is not overwritten"))
        #expect(try contents("plant-a.key") == key)
    }

    @Test("a key that others can read is refused by name, with the cure")
    func openKey() async throws {
        _ = try await shell.keygen()
        let key = shell.folder.file("plant-a.key")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key)
        let path = try shell.writeSender()
        let finished = try await shell.send("card", "--config", path, "--out", shell.folder.file("new.card"))
        #expect(finished.exit == .code(1))
        #expect(
            finished.errors == "diode-send: key file \(key): mode 0644 lets others at a secret; "
                + "allowed: 0600 or 0400 (chmod 600 \(key))\n")
        let check = try await shell.send("check", "--config", path)
        #expect(check.exit == .code(1))
        #expect(check.output.contains("FAIL  key         key file \(key): mode 0644"))
    }

    private func contents(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: shell.folder.file(name)))
    }
}
