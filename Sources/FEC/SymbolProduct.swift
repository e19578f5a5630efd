struct SymbolProduct: ~Copyable {
}
