import Foundation

/// The JSON files in Vectors; Vectors/README.md has their form.
enum VectorFile {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Vectors")

    /// The names of a folder's files that begin with a prefix, without their ending.
    static func names(in subfolder: String, _ prefix: String) -> [String] {
        let files = try? FileManager.default.contentsOfDirectory(
            at: folder.appendingPathComponent(subfolder), includingPropertiesForKeys: nil)
        return (files ?? []).filter { $0.pathExtension == "json" }.map { $0.deletingPathExtension().lastPathComponent }
            .filter { $0.hasPrefix(prefix) }.sorted()
    }

    static func read<T: Decodable>(_ type: T.Type, _ subfolder: String, _ name: String) throws -> T {
        let file = folder.appendingPathComponent(subfolder).appendingPathComponent(name + ".json")
        return try JSONDecoder().decode(type, from: Data(contentsOf: file))
    }
}

/// What a conforming reader refuses, and why.
struct Refusal: Decodable {
    let about: String
    let rule: String
    let kind: String
    let counter: String
    let bytes: Hex
}

/// Bytes in lower-case hexadecimal.
struct Hex: Decodable, Hashable {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = Array(try container.decode(String.self).utf8)
        bytes = try stride(from: 0, to: text.count, by: 2).map { index in
            let pair = String(decoding: text[index..<min(index + 2, text.count)], as: UTF8.self)
            guard pair.utf8.count == 2, let byte = UInt8(pair, radix: 16) else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(pair) is not hexadecimal")
            }
            return byte
        }
    }
}

/// A number of up to 64 bits, as decimal text: not every JSON reader keeps such numbers whole.
struct Decimal64: Decodable, Hashable, ExpressibleByIntegerLiteral {
    let value: UInt64

    init(_ value: UInt64) { self.value = value }

    init(integerLiteral value: UInt64) { self.value = value }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let value = UInt64(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no decimal number")
        }
        self.value = value
    }
}
