package sqs

// ReadableName makes a function's name of its linker symbol.
var ReadableName = readableName
