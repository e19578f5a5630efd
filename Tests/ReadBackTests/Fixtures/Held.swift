/// A value that an expectation may call mutating methods of: `#expect(held.ask { $0.take() })`.
final class Held<Value> {
    private var value: Value

    init(_ value: Value) { self.value = value }

    func ask<Result>(_ body: (inout Value) -> Result) -> Result { body(&value) }
}
