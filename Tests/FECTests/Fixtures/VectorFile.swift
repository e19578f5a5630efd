import Foundation

/// One of the text files in Vectors, split into lines and words; Vectors/README.md has the form.
enum VectorFile {
    static func lines(_ name: String) throws -> [[Substring]] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Vectors")
        let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
        return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { $0.split(separator: " ") }
    }

    static func bytes(_ hexadecimal: Substring) throws -> [UInt8] {
        let digits = Array(hexadecimal)
        return try stride(from: 0, to: digits.count, by: 2).map { index in
            guard index + 1 < digits.count, let byte = UInt8(String(digits[index...index + 1]), radix: 16) else {
                throw VectorError.notHexadecimal(String(hexadecimal))
            }
            return byte
        }
    }

    static func number(_ word: Substring) throws -> Int {
        guard let number = Int(word) else { throw VectorError.notANumber(String(word)) }
        return number
    }
}

enum VectorError: Error {
    case notHexadecimal(String)
    case notANumber(String)
}
