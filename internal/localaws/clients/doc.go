// Package clients holds the embedded servers against SDKs and tools that others wrote: boto3 in both protocols, the AWS CLI,
// the AWS SDK for JavaScript and sqs-consumer; and the table of AWS's answers against moto, a server that others wrote. Its tests
// have a build tag of their own:
//
//	go test -tags clients ./internal/localaws/clients
//
// What is not installed is skipped. With INIESTA_INSTALL_CLIENTS=1 the packages of Debian (boto3) and npm (the JavaScript ones) are
// brought into a temporary folder; nothing is installed beside it.
package clients
