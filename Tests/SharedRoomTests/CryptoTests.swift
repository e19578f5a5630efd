import Foundation
import TestKit
import Testing

@testable import Crypto
@testable import KeyFiles

@Suite("Crypto", .timeLimit(.minutes(1)))
struct CryptoTests {
    @Test(
        "SHA-256 gives the values of FIPS 180-4, in one piece, in pieces, and again with the same context",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func sha256(text: String, expected: String) {
        let bytes = Array(text.utf8)
        var hasher = SHA256Hasher()
        let whole = hasher.hash(bytes.span.bytes)
        for index in bytes.indices { hasher.update(bytes.span.bytes.extracting(index..<(index + 1))) }
        let pieces = hasher.finish()
        #expect(whole.description == expected)
        #expect(pieces == whole)
        #expect(SHA256Hasher.hash(bytes.span.bytes) == whole)
        #expect(whole.truncated.description == String(expected.prefix(32)))
        #expect(Digest32(loading: whole.bytes.span.bytes) == whole)
        #expect(Digest16(loading: whole.bytes.span.bytes) == whole.truncated)
    }

    @Test("a digest is stored where it is asked to be, and loads from there")
    func digestStore() {
        let digest = SHA256Hasher.hash([1, 2, 3].span.bytes)
        var buffer = [UInt8](repeating: 0xEE, count: 40)
        do {
            var span = buffer.mutableSpan
            var raw = span.mutableBytes
            digest.store(into: &raw, at: 3)
        }
        #expect(buffer == [0xEE, 0xEE, 0xEE] + digest.bytes + [0xEE, 0xEE, 0xEE, 0xEE, 0xEE])
        #expect(Digest32(loading: buffer.span.bytes, at: 3) == digest)
    }

    @Test("Ed25519 signs as RFC 8032 §7.1 test 2 and verifies it; a flipped bit or another length is false")
    func ed25519() throws {
        let seed = hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
        let expected = hex(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")
        let message: [UInt8] = [0x72]
        var signer = try Ed25519Signer(seed: seed.span.bytes)
        let publicKey = signer.publicKey
        #expect(publicKey.bytes == hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"))
        let signature = try signer.sign(message.span.bytes)
        let bytes = (0..<64).map { signature.bytes[$0] }
        #expect(bytes == expected)

        var verifier = try Ed25519Verifier(publicKey)
        let good = verifier.isValid(bytes.span.bytes, for: message.span.bytes)
        #expect(good)
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] ^= 1
            let accepted = verifier.isValid(damaged.span.bytes, for: message.span.bytes)
            #expect(!accepted)
        }
        let short = verifier.isValid(Array(bytes.dropLast()).span.bytes, for: message.span.bytes)
        let other = verifier.isValid(bytes.span.bytes, for: [0x73].span.bytes)
        #expect(!short && !other)
        #expect(Ed25519PublicKey(Array(publicKey.bytes.dropLast()).span.bytes) == nil)
    }

    @Test("two new keys differ, and random numbers do not repeat")
    func randomness() throws {
        let first = try Ed25519Signer().publicKey
        let second = try Ed25519Signer().publicKey
        #expect(first != second)
        #expect(try randomUInt64() != randomUInt64())
    }
}

@Suite("Key files", .timeLimit(.minutes(1)))
final class KeyFileTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("key-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: folder) }

    private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    @Test("a written key is 0600, reads back as the same key, and openssl agrees about its public half")
    func roundTrip() async throws {
        let path = path("plant-a.key")
        let signer = try Ed25519Signer()
        let publicKey = signer.publicKey
        try KeyFile.write(signer, to: path)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let again = try KeyFile.readEd25519(path).publicKey
        #expect(again == publicKey)
        let exported = try await openssl(
            ["pkey", "-in", path, "-pubout", "-outform", "DER", "-out", self.path("public")])
        #expect(exported == .code(0))
        let der = try Data(contentsOf: URL(fileURLWithPath: self.path("public")))
        #expect(Array(der.suffix(32)) == publicKey.bytes)
    }

    @Test("a key is never overwritten")
    func noOverwrite() throws {
        let path = path("plant-a.key")
        let first = try Ed25519Signer()
        try KeyFile.write(first, to: path)
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(writeError(to: path) == .exists(path: path))
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }

    @Test("a key that group or others can read or write is refused", arguments: [0o640, 0o604, 0o660, 0o602])
    func tooOpen(mode: Int) throws {
        let path = path("plant-a.key")
        try KeyFile.write(try Ed25519Signer(), to: path)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        let error = readError(path)
        #expect(error == .tooOpen(path: path, mode: UInt32(mode)))
        #expect(
            error?.description == "key file \(path): mode 0\(String(mode, radix: 8)) lets others at a secret; "
                + "allowed: 0600 or 0400 (chmod 600 \(path))")
    }

    @Test("a missing, foreign, damaged, encrypted or too large file is refused with its reason, and never asks")
    func refused() async throws {
        #expect(readError(path("none")) == .unreadable(path: path("none"), reason: "No such file or directory"))
        #expect(readError(folder.path) == .notAFile(path: folder.path))
        try write("hello\n", to: "text")
        #expect(readError(path("text")) == .notAKey(path: path("text")))
        try write("", to: "empty")
        #expect(readError(path("empty")) == .notAKey(path: path("empty")))
        try write(String(repeating: "x", count: KeyFile.maximumBytes + 1), to: "large")
        #expect(readError(path("large")) == .notAFile(path: path("large")))
        #expect(try await openssl(["genpkey", "-algorithm", "X25519", "-out", path("x")]) == .code(0))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path("x"))
        #expect(readError(path("x")) == .otherKind(path: path("x"), kind: "X25519", wanted: "ED25519"))
        let encrypted = ["-aes256", "-pass", "pass:secret", "-out", path("e")]
        #expect(try await openssl(["genpkey", "-algorithm", "ED25519"] + encrypted) == .code(0))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path("e"))
        #expect(readError(path("e")) == .notAKey(path: path("e")))
    }

    private func readError(_ path: String) -> KeyFileError? {
        do {
            _ = try KeyFile.readEd25519(path)
            return nil
        } catch { return error }
    }

    private func writeError(to path: String) -> KeyFileError? {
        guard let signer = try? Ed25519Signer() else { return nil }
        do {
            try KeyFile.write(signer, to: path)
            return nil
        } catch { return error }
    }

    private func write(_ text: String, to name: String) throws {
        try text.write(toFile: path(name), atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path(name))
    }

    /// Runs Debian's openssl to its end.
    private func openssl(_ arguments: [String]) async throws -> Child.Exit {
        try await run(["openssl"] + arguments).exit
    }
}

private func hex(_ text: String) -> [UInt8] {
    let digits = Array(text.utf8).map { $0 < 58 ? $0 - 48 : $0 - 87 }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
