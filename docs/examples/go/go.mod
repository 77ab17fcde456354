module assay.example

go 1.21
