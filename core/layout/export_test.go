package layout

var ProtobufJSON = protobufJSON
